"""Texts that others wrote."""
