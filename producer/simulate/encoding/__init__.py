"""Simulated events as bytes, one column at a time."""
