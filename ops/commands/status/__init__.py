"""`shopstream status`: the parts, the applications, and how soon alerts are raised."""
