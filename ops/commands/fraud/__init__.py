"""How good the fraud rules are, measured on orders with labels that say which are fraud."""
