"""How a change reaches an environment."""
