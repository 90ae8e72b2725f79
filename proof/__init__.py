"""The proof: every answer derived again from the lake by another engine, and compared."""
