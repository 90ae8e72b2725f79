"""Kafka, Postgres, the lake and Valkey: the protocols of the kernel over real parts."""
