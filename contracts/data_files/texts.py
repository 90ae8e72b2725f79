"""How texts stand in data files, and which of them mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# A longer line is no row of a shop. Memory holds one line at a time.
MAX_LINE_BYTES = 1 << 20
# Between fields of a text file. The first of them that gives the header all columns is the file's.
SEPARATORS = (",", ";", "\t", "|")
# What tools write for a value that is missing, in small letters.
MISSING = frozenset({"", "nan", "null", "none", "\\n", "<na>", "#n/a"})
# How the signs and names of a currency stand before or behind a price.
SIGNS: Mapping[str, tuple[str, ...]] = MappingProxyType({"GBP": ("£", "GBP"), "USD": ("$", "USD")})
