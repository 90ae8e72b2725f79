"""The templates of an environment: those in cdk.out, or new ones that the app synthesizes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk.settings import ENVIRONMENTS
from contracts.errors import EnvironmentProblem, Usage
from local.artefacts.code_zip import source_root
from ops import console
from ops.commands.cost.environment import BrokenTemplate, Environment, read_templates
from ops.settings import process_environment

_SECONDS = 300


@dataclass(frozen=True)
class Templates:
    """All templates of an environment. `written` is the time of the oldest one."""

    environment: Environment
    files: tuple[Path, ...]
    written: datetime


def templates(environment: str, folder: Path | None) -> Templates:
    """The templates of `environment` that the manifest in `folder` lists. Without a folder they are
    those of cdk.out or, where it has none, synthesized into a folder that is removed afterwards.

    Raises Usage for an environment that the settings do not know. Raises EnvironmentProblem where
    templates are missing or broken, or cannot be made.
    """
    looked_in = folder or source_root() / "cdk.out"
    found = _read(environment, looked_in)
    if found:
        written = f"{found.written:%Y-%m-%d %H:%M} UTC"
        names = ", ".join(file.name for file in found.files)
        console.progress(f"templates in {looked_in}, written {written}: {names}")
        if folder is None and _settings_are_newer(found):
            console.progress("warning: cdk/settings was changed since; make assets synth")
        return found
    if folder is not None:
        raise _missing(
            environment, f"{folder} has no templates of {environment} by a manifest.json"
        )
    if environment not in ENVIRONMENTS:
        known = ", ".join(ENVIRONMENTS)
        raise Usage(
            f"no environment {environment!r}; known: {known}",
            command="shopstream cost --env production",
        )
    with TemporaryDirectory(prefix="shopstream-templates-") as made:
        console.progress(f"synthesizing {environment}")
        _synthesize(environment, Path(made))
        if fresh := _read(environment, Path(made)):
            return fresh
    raise _missing(environment, f"the app wrote no templates of {environment}")


def _read(environment: str, folder: Path) -> Templates | None:
    """None where the folder has no manifest, or one of other environments only."""
    try:
        files = [folder / name for name in _listed(folder, f"shopstream-{environment}-")]
        if absent := [file.name for file in files if not file.is_file()]:
            raise _missing(
                environment, f"{folder} lacks {', '.join(absent)}, which its manifest lists"
            )
        if not files:
            return None
        oldest = min(file.stat().st_mtime for file in files)
        return Templates(
            read_templates(files), tuple(files), datetime.fromtimestamp(oldest, tz=UTC)
        )
    except BrokenTemplate as problem:
        raise _missing(environment, str(problem)) from problem


def _listed(folder: Path, prefix: str) -> list[str]:
    """The template files of the stacks with this prefix; raises BrokenTemplate."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return []
    try:
        artifacts = json.loads(manifest.read_text(encoding="utf-8"))["artifacts"]
        return sorted(
            artifact["properties"]["templateFile"]
            for name, artifact in artifacts.items()
            if name.startswith(prefix) and artifact["type"] == "aws:cloudformation:stack"
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BrokenTemplate(f"{manifest} is not a manifest of the CDK") from problem


def _settings_are_newer(found: Templates) -> bool:
    settings = source_root() / "cdk" / "settings.py"
    return settings.is_file() and settings.stat().st_mtime > found.written.timestamp()


def _synthesize(environment: str, out: Path) -> None:
    root = source_root()
    if not (root / "app.py").exists():
        raise _missing(environment, f"there are no templates and no app.py in {root}")
    context = {"environment": environment, "examples": True}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=root,
        env=process_environment(CDK_OUTDIR=str(out), CDK_CONTEXT_JSON=json.dumps(context)),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    reason = said.partition(": ")[2] or said
    raise _missing(environment, f"the templates of {environment} cannot be made: {reason}")


def _missing(environment: str, what: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        what,
        cause="the templates or the assets of a deployment are not built, or tools are missing",
        command=f"make assets synth ENV={environment}",
    )
