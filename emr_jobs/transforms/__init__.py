"""Pure steps from Kafka records to events: decode, classify, flatten."""
