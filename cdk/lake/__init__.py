"""The lake on AWS: its tables, their upkeep and the people who read them."""
