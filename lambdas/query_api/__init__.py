"""Answers over HTTP: order metrics, alerts and the ledger."""
