"""`shopstream replay LAYOUT FILE`: send a data set to the running stack."""

from __future__ import annotations

import subprocess
import sys
from inspect import Parameter
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import NotReady
from contracts.ledger import LayoutName
from contracts.producer_options import (
    CHECK,
    JSON,
    LAYOUTS,
    PROPOSE,
    REPLAYED_FILE,
    replay_options,
)
from ops.producer import as_words, become, program, takes
from ops.stack import open_stack

_FILE = Parameter(
    "file",
    Parameter.KEYWORD_ONLY,
    annotation=Annotated[Path, typer.Argument(metavar="FILE", help=REPLAYED_FILE)],
)


replay = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Send a data set to the stack."
)


def _add_layout(layout: LayoutName) -> None:
    options = replay_options(layout)
    holds = (
        f"{LAYOUTS[layout]} Returns at the last acknowledgement. The same file again changes "
        "nothing. Ctrl-C ends gracefully and says how to go on."
    )

    @replay.command(layout, help=holds)
    @takes(options, [_FILE])
    def _(*, file: Path, **given: str | bool | None) -> None:
        line = [*program("replay", layout), str(file), *as_words(options, given)]
        if given[CHECK.key] or given.get(PROPOSE.key):
            become(line, None)
        _replay(line, as_json=bool(given[JSON.key]))


def _replay(line: list[str], *, as_json: bool) -> None:
    try:
        stack = open_stack()
    except NotReady:
        # What is wrong with the file is wrong with any stack: say that first.
        judged = subprocess.run([*line, "--check"], stdout=subprocess.PIPE, check=False)
        if judged.returncode == 0:
            raise
        if as_json:
            sys.stdout.buffer.write(judged.stdout)
        raise typer.Exit(judged.returncode) from None
    become(line, stack)


for _layout in LAYOUTS:
    _add_layout(_layout)
