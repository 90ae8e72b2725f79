"""What operators ask of an environment whose stores stand in private subnets."""
