"""`shopstream demo`: the tour of a stack, with live answers on the screen."""
