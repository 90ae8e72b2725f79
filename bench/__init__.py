"""One command a benchmark; results are appended to results/ with the machine they were made on."""
