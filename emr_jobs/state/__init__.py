"""Pure folds over what one subject did, in Python: no Spark, no I/O."""
