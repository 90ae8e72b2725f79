"""`shopstream doctor`: what would keep a stack or a deployment from running."""
