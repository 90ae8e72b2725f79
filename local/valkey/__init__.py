"""The laptop's Valkey: nodes, the cluster they form, and moving slots between them."""
