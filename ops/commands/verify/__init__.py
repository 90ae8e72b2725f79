"""`shopstream verify`: the proof, and its report for a person."""
