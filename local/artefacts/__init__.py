"""What a stack runs and a deployment ships, with the same bytes from the same files."""
