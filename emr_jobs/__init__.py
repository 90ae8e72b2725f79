"""The Spark applications: one package, the same on a laptop and on EMR."""
