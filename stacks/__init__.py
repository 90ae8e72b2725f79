"""The stacks: constructs put together."""
