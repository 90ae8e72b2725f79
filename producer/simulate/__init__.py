"""Simulated shoppers: seeded, columnar, and labelled where they cheat."""
