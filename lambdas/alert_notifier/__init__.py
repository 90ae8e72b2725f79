"""Tell people of alerts: each once, however often Kafka delivers it."""
