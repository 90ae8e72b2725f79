"""Apply the Postgres tables of the contracts."""
