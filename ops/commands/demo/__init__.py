"""`shopstream demo`: the tour of a stack, with its answers live on the screen."""
