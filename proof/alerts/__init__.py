"""The alerts that a rule pack gives, worked out in SQL."""
