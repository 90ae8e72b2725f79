"""What follows from the answers: gold tables, the hot store, the outbox."""
