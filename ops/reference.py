"""Pages of docs/reference, rendered from the code: `python -m ops.reference` (`make reference`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from contracts.metrics import METRICS
from contracts.rejections import REASONS
from contracts.tables.columns import Table
from contracts.tables.lake import LAKE_TABLES
from contracts.tables.postgres import POSTGRES_TABLES
from contracts.topics import TOPICS
from ops.main import command_line

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
_NOTE = "Rendered from the code by `make reference`; edits here are lost."


def pages() -> dict[str, str]:
    """The text of each page by its file name; a pure function of the code."""
    return {
        "commands.md": _page(
            "Commands", _command("shopstream", typer.main.get_command(command_line()))
        ),
        "metrics.md": _page("Metrics", _metrics()),
        "tables.md": _page("Tables", _tables()),
        "topics.md": _page("Topics and reasons", _topics()),
    }


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([f"# {title}", "", _NOTE, "", *lines]).rstrip() + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    if subcommands := getattr(command, "commands", None):
        for word in sorted(subcommands):
            if not subcommands[word].hidden:
                yield from _command(f"{name} {word}", subcommands[word])
        return
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    usage = " ".join([f"`{name}`", *(_argument(param) for param in arguments)])
    yield from (f"## {name.removeprefix('shopstream ')}", "", usage, "")
    yield from (" ".join((command.help or "").split()), "")
    yield from _rows(
        ("option", "meaning"),
        [
            (_argument(param) if param in arguments else _option(param), _help(param))
            for param in shown
            if _help(param)
        ],
    )


def _argument(param: Any) -> str:
    name = (param.metavar or param.name.upper()).strip("[]")
    return f"`{name}`" if param.required else f"`[{name}]`"


def _option(param: Any) -> str:
    return " ".join(f"`{name}`" for name in (param.opts[0], *param.secondary_opts))


def _help(param: Any) -> str:
    text = " ".join((getattr(param, "help", None) or "").split())
    default = param.default
    if not text or default in (None, False, "", ()) or callable(default):
        return text
    if isinstance(default, Path) and default.is_relative_to(ROOT):
        default = default.relative_to(ROOT)
    return f"{text} Default: {default}."


def _metrics() -> Iterator[str]:
    yield from _rows(
        ("metric", "unit", "dimensions", "meaning"),
        [
            (f"`{name}`", one.unit, ", ".join(sorted(one.dimensions)), one.meaning)
            for name, one in METRICS.items()
        ],
    )


def _tables() -> Iterator[str]:
    yield from ("## Postgres", "")
    for table in POSTGRES_TABLES:
        yield from _table(table)
    yield from ("## Lake", "")
    for table in LAKE_TABLES:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield from (f"### {table.name}", "", f"{table.grain[0].upper()}{table.grain[1:]}.", "")
    told = [f"Key: {_names(table.key)}."] if table.key else []
    told += [f"Partitioned by {_names(table.partitioned_by)}."] if table.partitioned_by else []
    yield from (" ".join(told), "")
    yield from _rows(
        ("column", "type", "meaning"),
        [
            (f"`{one.name}`", f"{one.type}{', may be null' if one.nullable else ''}", one.meaning)
            for one in table.columns
        ],
    )


def _topics() -> Iterator[str]:
    yield from ("## Topics", "")
    yield from _rows(
        ("topic", "key", "partitions, laptop", "partitions, AWS", "retention"),
        [
            (
                f"`{topic.name}`",
                topic.key,
                str(topic.laptop_partitions),
                str(topic.cloud_partitions),
                f"{topic.retention.days} days",
            )
            for topic in TOPICS
        ],
    )
    yield from (
        "## Reasons of the quarantine",
        "",
        "In the order in which they are looked for:",
        "",
    )
    yield from (f"{number}. `{reason}`" for number, reason in enumerate(REASONS, start=1))


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(heads)} |"
        yield f"|{'---|' * len(heads)}"
        for row in rows:
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
        yield ""


def main() -> int:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stderr.write(f"wrote docs/reference/{name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
