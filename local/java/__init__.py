"""Java and its jars: found or brought, fetched and checked."""
