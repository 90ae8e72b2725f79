"""One moment of each store, copied into the relations of the proof."""
