"""The exactly-once heart: ranges, offset log, lease, progress, the batch runner, crash points."""
