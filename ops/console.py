"""What the command prints: rich tables on a terminal, plain text elsewhere, JSON on demand.

Texts of events, files and errors are others': a terminal obeys none of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.errors import ShopstreamError
from contracts.texts.controls import visible, visible_lines
from ops.settings import CommandSettings

# The option of every command that can answer other programs.
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
HELP = "shopstream --help, or --help after the command"
# Other programs read plain output, so it must never be wrapped.
PLAIN_WIDTH = 10_000


@lru_cache(maxsize=2)
def _console(stderr: bool) -> Console:
    plain = CommandSettings.from_environment().plain
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(stderr=stderr, no_color=plain or None, width=width, highlight=False)


def stdout() -> Console:
    """The console for answers."""
    return _console(False)


def stderr() -> Console:
    """The console for progress and errors, apart from the answers, which may be piped."""
    return _console(True)


def is_rich() -> bool:
    """Whether a person watches a terminal that can show live tables and colours."""
    return stdout().is_terminal and not CommandSettings.from_environment().plain


def line(text: str = "", style: str | None = None) -> None:
    """Print one line of the answer as it is: markup in it is not interpreted."""
    stdout().print(_shown(text), style=style, soft_wrap=True)


def progress(text: str) -> None:
    """Print one line about the work in progress, to standard error."""
    stderr().print(_shown(text), style="dim", soft_wrap=True)


def answer_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print rows under headings: a rich table on a terminal, aligned columns elsewhere."""
    if is_rich():
        stdout().print(rich_table(columns, rows, title))
        return
    cells = [list(columns), *([visible(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    if title:
        line(title)
    for row in cells:
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def records(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table; on a terminal that is too narrow for it, print a block per row."""
    if not is_rich() or _width(rich_table(columns, rows)) <= stdout().width:
        table(columns, rows)
        return
    width = max(map(len, columns))
    for number, row in enumerate(rows, 1):
        line(f"row {number}", style="bold")
        for column, cell in zip(columns, row, strict=True):
            line(f"  {column.ljust(width)}  {visible(str(cell))}".rstrip())


def _width(drawn: Table) -> int:
    """The number of columns that the table takes on a terminal that is wide enough."""
    out = stdout()
    return out.measure(drawn, options=out.options.update(max_width=PLAIN_WIDTH)).maximum


def rich_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> Table:
    """Rows under headings as a rich table, for live displays."""
    drawn = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(visible(str(cell))) for cell in row))
    return drawn


def error(problem: ShopstreamError) -> None:
    """Print what happened, its likely cause, the next command and the log, to standard error."""
    out = stderr()
    first, *others = problem.as_lines()
    out.print(f"[bold red]error:[/]{_shown(first.removeprefix('error:'))}", soft_wrap=True)
    for other in others:
        out.print(_shown(other), soft_wrap=True)


def misuse(message: str) -> None:
    """Print what is wrong with a command line. Without any argument that is the help itself."""
    if "Usage:" in message:
        stderr().print(_shown(message), soft_wrap=True)
        return
    stderr().print(f"[bold red]error:[/] {_shown(message)}", soft_wrap=True)
    stderr().print(f"next: {HELP}", soft_wrap=True)


def _shown(text: str) -> str:
    return escape(visible_lines(text))
