"""`shopstream assets`: build what a deployment ships."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from local import launch
from local.artefacts.assets import JAR_SETS, Tools, build_assets
from local.artefacts.code_zip import source_root
from ops import console
from ops.settings import CommandSettings


def assets(
    out: Annotated[Path, typer.Option(help="The folder to bring up to date.")] = Path(
        "build/assets"
    ),
) -> None:
    """Build code, jars, dependencies and functions for a deployment from their locks."""
    settings = CommandSettings.from_environment()
    jars = launch.fetch_jars(settings.cache, settings.network, console.progress, JAR_SETS)
    programs = Path(sys.executable).parent
    tools = Tools(programs / "uv", programs / "node", source_root() / "node_modules")
    build_assets(out.absolute(), jars, tools, console.progress)
