"""A simulator of the exactly-once heart: the product's kernel on stores in memory."""
