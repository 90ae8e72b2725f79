"""What the parts of a laptop's stack agree on."""
