"""`shopstream status`: parts, applications, and how soon alerts are raised."""
