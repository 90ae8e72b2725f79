"""What the applications are measured against. Nothing here imports the product, and nothing here is
ever changed: only so can a ratio of today be compared with one of next year."""
