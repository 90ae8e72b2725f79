"""The laptop runtime: real parts started as processes and supervised."""
