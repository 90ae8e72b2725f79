"""Runs the parts of a stack as process groups: order, readiness, restarts, logs, shutdown."""
