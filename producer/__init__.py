"""Where events come from: real data sets replayed, shoppers simulated."""
