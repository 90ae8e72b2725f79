"""Tables of the answers (Postgres) and of the lake (Iceberg): grain, columns, keys."""
