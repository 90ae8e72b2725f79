"""Keep the streaming applications running, one driver each, as the deployment wants them."""
