"""What the texts of data files mean: dates, numbers, ids and words."""
