"""`shopstream down`: stop the stack; the data stays unless it is purged."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from local import launch
from ops import console
from ops.console import AsJson
from ops.stack import current_home


def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove all data as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop every part gracefully and leave nothing running. The data stays without --purge."""
    home = current_home()
    began = time.monotonic()
    was_running = launch.stop(home, console.progress)
    removed = purge and launch.purge(home)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        console.answer_json({"was_running": was_running, "purged": removed, "seconds": seconds})
        return
    console.line(f"stopped in {seconds} s" if was_running else "nothing was running")
    if removed:
        stays = sorted(path.name for path in home.root.iterdir()) if home.root.exists() else []
        others = f"; these files of others stay: {', '.join(stays)}" if stays else ""
        console.line(f"removed {'the stack in ' if stays else ''}{home.root}{others}")
