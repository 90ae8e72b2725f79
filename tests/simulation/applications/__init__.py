"""The three applications on frames that are lists: plain Python where the product has Spark."""
