"""Characters that a terminal or a mail obeys, in texts that others wrote."""

from __future__ import annotations

import re

# C0, DEL and C1 controls; marks, embeddings and isolates of direction; separators of lines
# (Unicode's Bidirectional Algorithm, UAX #9, 2.1 to 2.6).
_OBEYED = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_OBEYED}]")
_ALL_BUT_LAYOUT = re.compile(rf"(?![\n\t])[{_OBEYED}]")


def visible(text: str) -> str:
    """The text, with the escape of each character that would be obeyed, such as ``\\u001b``."""
    return _ANY.sub(_escape, text)


def visible_lines(text: str) -> str:
    """The same for a text of several lines: line breaks and tabs stay."""
    return _ALL_BUT_LAYOUT.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
