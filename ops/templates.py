"""The templates of an environment: those in cdk.out, or synthesized by the app as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.code_zip import source_root
from ops import console
from ops.cost.environment import SUFFIX
from ops.errors import EnvironmentProblem, Usage
from ops.settings import process_environment

_SECONDS = 300


@contextmanager
def templates(environment: str, folder: Path | None) -> Iterator[list[Path]]:
    """The template files of `environment` in `folder`, which must be there, or else in cdk.out, or
    else in a folder that lives as long as the context.

    Raises Usage for an environment that the settings do not know, and EnvironmentProblem where
    there are no templates and they cannot be made.
    """
    found = _files(folder or source_root() / "cdk.out", environment)
    if found:
        yield found
        return
    if folder is not None:
        raise _missing(environment, f"{folder} has no templates of {environment}")
    with TemporaryDirectory(prefix="shopstream-templates-") as made:
        console.progress(f"synthesizing {environment}")
        _synthesize(environment, Path(made))
        yield _files(Path(made), environment)


def _files(folder: Path, environment: str) -> list[Path]:
    return sorted(folder.glob(f"shopstream-{environment}-*{SUFFIX}"))


def _synthesize(environment: str, out: Path) -> None:
    root = source_root()
    if not (root / "app.py").exists():
        raise _missing(environment, f"there are no templates and no app.py in {root}")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=root,
        env=process_environment(
            CDK_OUTDIR=str(out), CDK_CONTEXT_JSON=json.dumps({"environment": environment})
        ),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    reason = said.partition(": ")[2] or said
    if reason.startswith("no environment"):
        raise Usage(reason, command="shopstream cost --env production")
    raise _missing(environment, f"the templates of {environment} cannot be made: {reason}")


def _missing(environment: str, what: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        what,
        cause="what a deployment ships was not built yet, or the tools of the AWS side are missing",
        command=f"make assets synth ENV={environment}",
    )
