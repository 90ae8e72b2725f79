"""Aurora PostgreSQL and ElastiCache for Valkey."""
