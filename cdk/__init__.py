"""Constructs of the platform on AWS, and the settings of its environments."""
