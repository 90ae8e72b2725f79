"""`shopstream tail`: the events of a topic, decoded for people."""
