"""Functions on AWS: how one is made, called by HTTP, called by a deployment."""
