"""What the drivers reach: stores in memory, and the streaming engine."""
