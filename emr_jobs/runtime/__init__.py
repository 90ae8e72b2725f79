"""How a streaming application runs: session, batches, progress, metrics, stopping."""
