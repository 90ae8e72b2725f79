"""The laptop's brokers and their topics."""
