"""A shop's own export of orders, read by a mapping of its columns."""
