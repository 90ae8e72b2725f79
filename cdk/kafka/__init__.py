"""MSK: cluster, topics, schemas, replication, and functions that topics call."""
