"""Notify people of alerts: once per alert, however often Kafka delivers it."""
