"""Simulated events as bytes, a column at a time."""
