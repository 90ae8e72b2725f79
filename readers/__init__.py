"""Read-only adapters, one per store, for everything that looks at a running stack."""
