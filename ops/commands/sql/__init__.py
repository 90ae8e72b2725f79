"""`shopstream sql`: answers and lake as DuckDB sees them."""
