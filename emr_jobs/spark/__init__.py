"""How Spark runs an application: session, queries, listener, turns."""
