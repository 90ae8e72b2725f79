"""What a deployment on AWS and its functions agree on: releases, job plans, submissions."""
