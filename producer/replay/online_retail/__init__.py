"""The layout of Online Retail: a row per line of an invoice."""
