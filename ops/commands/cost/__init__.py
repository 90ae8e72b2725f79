"""What an environment costs in a month: its templates, a load and a price table; pure."""
