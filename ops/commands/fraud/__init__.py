"""How good the fraud rules are, on orders of which somebody knows whether they are fraud."""
