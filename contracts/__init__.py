"""What two processes of Shopstream must agree on: schemas, events, topics, tables, names."""
