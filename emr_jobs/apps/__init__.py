"""The applications: each puts transforms and questions between a source and its sinks."""
