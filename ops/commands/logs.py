"""`shopstream logs`: the logs of the parts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import NotReady, Usage
from local.supervisor.logs import tail
from ops import console
from ops.console import AsJson
from ops.stack import current_home

FOLLOW_SECONDS = 0.3


def logs(
    service: Annotated[
        str | None, typer.Argument(help="The name of one part; without it, all.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new lines until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", help="How many lines of each log.", min=1)
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Show the end of each log. Logs are kept when the stack is down."""
    if as_json and follow:
        raise Usage(
            "--json or --follow, not both: one document has an end",
            command="shopstream logs --json, or shopstream logs --follow",
        )
    files = _files(current_home().logs, service)
    shown = {file.stem: tail(file).splitlines()[-lines:] for file in files}
    if as_json:
        console.answer_json(shown)
        return
    for name, text in shown.items():
        for one in text:
            console.line(_labelled(name, one, len(files)))
    if follow:
        _follow(files)


def _files(folder: Path, service: str | None) -> Sequence[Path]:
    present = sorted(folder.glob("*.log"))
    if not present:
        raise NotReady(f"there are no logs in {folder}", command="shopstream up")
    if service is None:
        return present
    chosen = [file for file in present if file.stem == service]
    if not chosen:
        known = ", ".join(file.stem for file in present)
        raise Usage(f"there is no log of {service!r}, only of: {known}", command="shopstream logs")
    return chosen


def _follow(files: Sequence[Path]) -> None:
    read = {file: file.stat().st_size for file in files}
    while True:
        for file, offset in read.items():
            size = file.stat().st_size
            # A log that shrank was rotated: everything in it is new.
            begin = offset if size >= offset else 0
            with file.open("rb") as stream:
                stream.seek(begin)
                fresh = stream.read(size - begin)
            complete = fresh[: fresh.rfind(b"\n") + 1]
            read[file] = begin + len(complete)
            for one in complete.decode(errors="replace").splitlines():
                console.line(_labelled(file.stem, one, len(files)))
        time.sleep(FOLLOW_SECONDS)


def _labelled(name: str, line: str, files: int) -> str:
    return line if files == 1 else f"{name} | {line}"
