"""Rows on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ops import console

COLUMNS = ("order_id", "customer", "total")
ROWS = [("o-1", "c" * 40, "12.50"), ("o-2", "", "3.00")]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal, whose width a test sets."""
    made = Console(
        file=io.StringIO(), force_terminal=True, no_color=True, width=80, highlight=False
    )
    monkeypatch.setattr(console, "stdout", lambda: made)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return made


def shown(screen: Console) -> list[str]:
    file = screen.file
    assert isinstance(file, io.StringIO)
    return [line for line in file.getvalue().splitlines() if line]


def test_rows_that_fit_are_a_table(screen: Console) -> None:
    console.records(COLUMNS, ROWS)
    assert any("order_id" in line and "customer" in line for line in shown(screen))


def test_rows_that_are_too_wide_are_a_block_each(screen: Console) -> None:
    screen.width = 40
    console.records(COLUMNS, ROWS)
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in shown(screen)]
    assert plain == [
        "row 1",
        "  order_id  o-1",
        f"  customer  {'c' * 40}",
        "  total     12.50",
        "row 2",
        "  order_id  o-2",
        "  customer",
        "  total     3.00",
    ]


def test_no_row_is_no_line_on_a_narrow_terminal(screen: Console) -> None:
    screen.width = 10
    console.records(COLUMNS, [])
    assert shown(screen) == []


HOSTILE = "DE\x1b[2J\nerror: all is lost\u202e"
HARMLESS = "DE\\u001b[2J\\u000aerror: all is lost\\u202e"


@pytest.mark.parametrize("width", [120, 10])
def test_a_cell_rewrites_no_terminal_and_makes_no_line(screen: Console, width: int) -> None:
    screen.width = width
    console.records(("location",), [(HOSTILE,)])
    (line,) = (each for each in shown(screen) if "DE" in each)
    assert HARMLESS in line
    assert not any(each in line for each in ("\x1b[2J", "\u202e"))


def test_plain_rows_are_as_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Console(file=io.StringIO(), width=console.PLAIN_WIDTH)
    monkeypatch.setattr(console, "stdout", lambda: plain)
    console.table(("location",), [(HOSTILE,)])
    assert shown(plain)[1:] == [HARMLESS]


def test_a_line_keeps_its_breaks_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Console(file=io.StringIO(), width=console.PLAIN_WIDTH)
    monkeypatch.setattr(console, "stdout", lambda: plain)
    console.line("one\n\ttwo\x1b[2J")
    assert [each.strip() for each in shown(plain)] == ["one", "two\\u001b[2J"]
