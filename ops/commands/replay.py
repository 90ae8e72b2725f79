"""`shopstream replay LAYOUT FILE`: send a data set to the running stack."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import NotReady
from ops.producer import become, program
from ops.stack import open_stack


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    layouts = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    layouts.command("online-retail")(online_retail)
    layouts.command("rees46")(rees46)
    app.add_typer(layouts, name="replay", help="Send a data set to the stack.")


_File = Annotated[Path, typer.Argument(metavar="FILE", help="csv or csv.gz")]
_Speed = Annotated[
    str, typer.Option(metavar="N|max", help="1 as recorded, 60 a minute a second, max.")
]
_Start = Annotated[int | None, typer.Option(min=1, help="First data row, from 1.")]
_Limit = Annotated[int | None, typer.Option(min=1, help="How many data rows.")]
_Rebase = Annotated[
    bool, typer.Option("--rebase-time", help="Shift times so that the newest row is now.")
]
_NewRun = Annotated[
    bool, typer.Option("--new-run", help="Count the events anew, though sent before.")
]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def online_retail(
    file: _File,
    *,
    speed: _Speed = "max",
    start: _Start = None,
    limit: _Limit = None,
    rebase_time: _Rebase = False,
    new_run: _NewRun = False,
    categories: Annotated[
        Path | None, typer.Option(help="Table of pattern,category instead of the shipped one.")
    ] = None,
    regions: Annotated[
        Path | None, typer.Option(help="Table of pattern,region instead of the shipped one.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Order lines of the UCI Online Retail layout. Returns at the last acknowledgement; the same
    file again changes nothing. Ctrl-C ends gracefully and says how to go on."""
    options = {
        "--speed": speed,
        "--start": start,
        "--limit": limit,
        "--categories": categories,
        "--regions": regions,
    }
    flags = {"--rebase-time": rebase_time, "--new-run": new_run, "--json": as_json}
    _replay("online-retail", file, options, flags)


def rees46(
    file: _File,
    *,
    speed: _Speed = "max",
    start: _Start = None,
    limit: _Limit = None,
    rebase_time: _Rebase = False,
    new_run: _NewRun = False,
    as_json: _Json = False,
) -> None:
    """What shoppers do, of the REES46 layout: a click a row, and an order for each purchase. The
    same file again changes nothing. Ctrl-C ends gracefully and says how to go on."""
    options = {"--speed": speed, "--start": start, "--limit": limit}
    flags = {"--rebase-time": rebase_time, "--new-run": new_run, "--json": as_json}
    _replay("rees46", file, options, flags)


def _replay(
    layout: str, file: Path, options: Mapping[str, object], flags: Mapping[str, bool]
) -> None:
    line = [
        *program("replay", layout),
        str(file),
        *(f"{name}={value}" for name, value in options.items() if value is not None),
        *(name for name, given in flags.items() if given),
    ]
    try:
        stack = open_stack()
    except NotReady:
        # What is wrong with the file is wrong with any stack: say that first.
        judged = subprocess.run(
            [*line, "--check"],
            stdout=None if flags["--json"] else subprocess.DEVNULL,
            check=False,
        )
        if judged.returncode == 0:
            raise
        raise typer.Exit(judged.returncode) from None
    become(line, stack)
