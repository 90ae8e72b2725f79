"""Data files of a shop into Kafka, at the pace of their rows."""
