"""Raw data files: what their rows say the answers must be."""
