"""Send an order that no answer counts, and wait until it is in Postgres."""
