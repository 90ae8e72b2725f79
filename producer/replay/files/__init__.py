"""Rows of a data file: read, sliced, judged."""
