"""Have AWS Glue compact the lake's tables and expire their snapshots, as the jobs can bear it."""
