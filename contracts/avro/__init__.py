"""Avro bodies: judged before a decoder sees them, and put together from encoded pieces."""
