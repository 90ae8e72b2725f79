"""The ids of clicks that were counted lately: packed in Postgres, marked in memory."""
