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
# The currency of each sign and name that stands before or behind a price. A longer sign comes
# before its part.
CURRENCY_OF_SIGN: Mapping[str, str] = MappingProxyType(
    {
        "AU $": "AUD",
        "AU$": "AUD",
        "A$": "AUD",
        "C $": "CAD",
        "CA$": "CAD",
        "C$": "CAD",
        "US $": "USD",
        "US$": "USD",
        "NZ$": "NZD",
        "£": "GBP",
        "€": "EUR",
        "$": "USD",
        **{code: code for code in ("GBP", "EUR", "USD", "AUD", "CAD", "NZD", "CHF")},
        **{code: code for code in ("SEK", "NOK", "DKK", "PLN", "CZK")},
    }
)
# The signs of one currency, and of any.
SIGNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"GBP": ("£", "GBP"), "USD": ("$", "USD"), "": tuple(CURRENCY_OF_SIGN)}
)
