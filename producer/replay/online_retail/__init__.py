"""The layout of Online Retail: one row per line of an invoice."""
