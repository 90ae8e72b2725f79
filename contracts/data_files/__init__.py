"""What the producer and the proof both know of the data files of shops."""
