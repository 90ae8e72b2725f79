"""EMR: a cluster of machines, or Serverless applications."""
