"""Sources and sinks: Kafka, the lake, the answers in Postgres."""
