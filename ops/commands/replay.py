"""`shopstream replay LAYOUT FILE`: send the orders of a data set to the running stack."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from ops.errors import NotReady
from ops.producer import become, program
from ops.stack import open_stack

_LAYOUT = ("replay", "online-retail")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    layouts = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    layouts.command("online-retail")(online_retail)
    app.add_typer(layouts, name="replay", help="Send the orders of a data set to the stack.")


def online_retail(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="csv or csv.gz")],
    *,
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="1 as recorded, 60 a minute a second, max.")
    ] = "max",
    start: Annotated[int | None, typer.Option(min=1, help="First data row, from 1.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many data rows.")] = None,
    rebase_time: Annotated[
        bool, typer.Option("--rebase-time", help="Shift times so that the newest row is now.")
    ] = False,
    new_run: Annotated[
        bool, typer.Option("--new-run", help="Count the orders anew, though sent before.")
    ] = False,
    categories: Annotated[
        Path | None, typer.Option(help="Table of pattern,category instead of the shipped one.")
    ] = None,
    regions: Annotated[
        Path | None, typer.Option(help="Table of pattern,region instead of the shipped one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
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
    arguments = [
        str(file),
        *(f"{name}={value}" for name, value in options.items() if value is not None),
        *(name for name, given in flags.items() if given),
    ]
    try:
        stack = open_stack()
    except NotReady:
        # What is wrong with the file is wrong with any stack: say that first.
        judged = subprocess.run(
            [*program(*_LAYOUT), *arguments, "--check"],
            stdout=None if as_json else subprocess.DEVNULL,
            check=False,
        )
        if judged.returncode == 0:
            raise
        raise typer.Exit(judged.returncode) from None
    become([*program(*_LAYOUT), *arguments], stack)
