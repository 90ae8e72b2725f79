"""Files that a deployment uploads."""
