"""The simulated shop: what it sells, who comes, what they do and what goes wrong."""
