"""The real templates on LocalStack, which is an emulator with few of the services."""
