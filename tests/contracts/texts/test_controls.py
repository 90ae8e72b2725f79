"""No text of others rewrites a terminal or turns a line around."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.texts.controls import visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Ünïcode 東京 🛒", "Ünïcode 東京 🛒", id="letters of any alphabet"),
        pytest.param("\x1b[2J", "\\u001b[2J", id="clear the screen"),
        pytest.param("\x9b2J", "\\u009b2J", id="the same in one character"),
        pytest.param("\x1b]0;title\x07", "\\u001b]0;title\\u0007", id="name the window"),
        pytest.param("a\x7f", "a\\u007f", id="delete"),
        pytest.param("abc\u202egnp.exe", "abc\\u202egnp.exe", id="turn what follows around"),
        pytest.param("\u2066a\u2069", "\\u2066a\\u2069", id="isolate"),
        pytest.param("\u061c\u200e\u200f", "\\u061c\\u200e\\u200f", id="marks of direction"),
        pytest.param("a\u2028b\u2029c", "a\\u2028b\\u2029c", id="separators of lines"),
        pytest.param("family: \U0001f468\u200d\U0001f469", None, id="a joiner joins letters"),
    ],
)
def test_what_would_be_obeyed_is_shown(text: str, shown: str | None) -> None:
    expected = text if shown is None else shown
    assert visible(text) == expected
    assert visible_lines(text) == expected


def test_only_a_text_of_several_lines_keeps_its_layout() -> None:
    assert visible("a\n\tb\r") == "a\\u000a\\u0009b\\u000d"
    assert visible_lines("a\n\tb\r") == "a\n\tb\\u000d"


@given(st.text())
def test_nothing_that_is_shown_is_a_control(text: str) -> None:
    assert not any(unicodedata.category(each) == "Cc" for each in visible(text))
    assert visible(visible(text)) == visible(text)
