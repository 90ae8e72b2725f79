"""The Java of a stack: bundled behind a shim, or one that a person names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.java.runtime import SHIM, bundled, named


def test_the_shim_drops_the_vector_module_and_keeps_the_other_arguments(tmp_path: Path) -> None:
    shim = tmp_path / "java"
    shim.write_text(SHIM.format(java="/usr/bin/printf", option=""))
    shim.chmod(0o755)
    given = [
        shim,
        "[%s]",
        "--add-modules=jdk.incubator.vector",
        "a b",
        "--add-modules=java.sql",
        "*",
    ]
    said = subprocess.run(given, capture_output=True, text=True, check=True).stdout
    assert said == "[a b][--add-modules=java.sql][*]"


def test_the_bundled_java_starts_with_the_argument_that_it_does_not_know(tmp_path: Path) -> None:
    java = bundled(tmp_path / "java")
    asked = [java.home / "bin" / "java", "--add-modules=jdk.incubator.vector", "-version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env={"PATH": "/bin"})
    assert 'version "21' in done.stderr
    refused = subprocess.run([java.binary, *asked[1:]], capture_output=True, check=False)
    assert refused.returncode != 0, "the shim is not needed any more"


def test_the_bundled_java_leaves_no_performance_data_behind(tmp_path: Path) -> None:
    java = bundled(tmp_path / "java")
    asked = [java.home / "bin" / "java", "-XX:+PrintFlagsFinal", "-version"]
    flags = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in flags.splitlines() if " UsePerfData " in line]
    assert "false" in line.split()


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        pytest.param("17.0.9", True, id="the oldest"),
        pytest.param("25", True, id="the newest"),
        pytest.param("11.0.2", False, id="too old"),
        pytest.param("26.0.1", False, id="too new"),
    ],
)
def test_a_named_java_is_asked_for_its_version(
    tmp_path: Path, version: str, accepted: bool
) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024' >&2\n")
    program.chmod(0o755)
    if accepted:
        assert named(tmp_path).binary == named(program).binary == program
    else:
        with pytest.raises(EnvironmentProblem, match=r"17 to 25|is version"):
            named(tmp_path)


def test_a_folder_without_java_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no Java at"):
        named(tmp_path)
