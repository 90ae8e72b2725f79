"""Runs the parts of a stack as process groups, with order, readiness, restarts and shutdown."""
