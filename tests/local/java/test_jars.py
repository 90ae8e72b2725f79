"""The lock of the jars is complete and checked, and holds no jar that Spark ships itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.errors import EnvironmentProblem
from local.java import jars
from local.java import runtime as java
from local.java.ivy import Coordinate, Ivy, first_complaint, module_xml, pyspark_jars
from local.java.jars import JarSet, install, read_lock, render_lock, sha256
from local.java.network import Network

FILE = Coordinate("org.example", "thing", "1.0")
CLASSIFIED = Coordinate("org.example", "thing", "1.0", "all")
CONTENT = b"a jar"
SUM = hashlib.sha256(CONTENT).hexdigest()


class Registry(Ivy):
    """A registry that hands out the same content for every file."""

    def fetch(self, coordinates: Sequence[Coordinate], pattern: str, **_more: Any) -> None:
        folder = (self.work / pattern).parent
        folder.mkdir(parents=True, exist_ok=True)
        for one in coordinates:
            (folder / one.file_name).write_bytes(CONTENT)


class NoRegistry(Ivy):
    """A registry that must not be asked."""

    def fetch(self, coordinates: Sequence[Coordinate], pattern: str, **_more: Any) -> None:
        raise AssertionError(f"asked for {coordinates}")


def at(kind: type[Ivy], tmp_path: Path) -> Ivy:
    return kind(Path("/no/java"), tmp_path / "work", tmp_path / "ivy.log")


def silent(_text: str) -> None:
    pass


def test_the_lock_lists_a_sum_for_each_file_and_every_root() -> None:
    for one in read_lock().values():
        assert set(one.roots) <= set(one.files)
        assert all(len(digest) == 64 for digest in one.files.values())


def test_the_lock_is_as_its_command_writes_it() -> None:
    assert render_lock(list(read_lock().values())) == jars.LOCK.read_text()


def test_no_two_files_of_a_set_have_one_name() -> None:
    for one in read_lock().values():
        names = [file.file_name for file in one.files]
        assert len(set(names)) == len(names)


def test_spark_never_gets_a_jar_twice() -> None:
    shipped = {path.name.rpartition("-")[0] for path in pyspark_jars().glob("*.jar")}
    assert not shipped & {file.artifact for file in read_lock()["spark"].files}


def test_the_versions_that_must_agree_do() -> None:
    lock = read_lock()
    clients = {
        one.name: [file.version for file in one.files if file.artifact == "kafka-clients"]
        for one in lock.values()
    }
    assert clients == {"broker": ["3.9.1"], "spark": ["3.9.1"], "aws": []}
    iceberg = [
        file.version for one in lock.values() for file in one.files if "iceberg" in file.group
    ]
    assert iceberg == ["1.11.0", "1.11.0"]


@pytest.mark.parametrize(
    ("coordinate", "text", "file_name"),
    [
        pytest.param(FILE, "org.example:thing:1.0", "thing-1.0.jar", id="plain"),
        pytest.param(CLASSIFIED, "org.example:thing:1.0:all", "thing-1.0-all.jar", id="classifier"),
    ],
)
def test_coordinates(coordinate: Coordinate, text: str, file_name: str) -> None:
    assert str(coordinate) == text
    assert Coordinate.parse(text) == coordinate
    assert coordinate.file_name == file_name


def test_missing_files_are_fetched_and_kept(tmp_path: Path) -> None:
    one = JarSet("set", (FILE,), {FILE: SUM, CLASSIFIED: SUM})
    said: list[str] = []
    paths = install([one], tmp_path / "jars", at(Registry, tmp_path), said.append)
    assert {path.name for path in paths["set"]} == {"thing-1.0.jar", "thing-1.0-all.jar"}
    assert all(sha256(path) == SUM for path in paths["set"])
    assert "2 jars" in said[0]
    assert install([one], tmp_path / "jars", at(NoRegistry, tmp_path), silent) == paths


def test_a_file_with_another_sum_is_refused_and_not_kept(tmp_path: Path) -> None:
    one = JarSet("set", (FILE,), {FILE: "0" * 64})
    with pytest.raises(EnvironmentProblem, match=f"thing-1.0.jar .* SHA-256 is {SUM}"):
        install([one], tmp_path / "jars", at(Registry, tmp_path), silent)
    assert list((tmp_path / "jars").iterdir()) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    one = JarSet("set", (FILE,), {FILE: SUM})
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / FILE.file_name).write_bytes(b"half a j")
    paths = install([one], tmp_path / "jars", at(Registry, tmp_path), silent)
    assert sha256(paths["set"][0]) == SUM


@pytest.mark.parametrize("transitive", [True, False])
def test_the_module_asks_for_what_is_named(transitive: bool) -> None:
    tree = ET.fromstring(module_xml([FILE, CLASSIFIED], transitive, []))
    plain, classified = tree.findall("./dependencies/dependency")
    assert plain.attrib["transitive"] == str(transitive).lower()
    assert classified.attrib["transitive"] == "false"
    artifact = classified.find("artifact")
    assert artifact is not None
    assert artifact.attrib["{http://ant.apache.org/ivy/maven}classifier"] == "all"


def test_a_registry_that_cannot_be_reached_ends_in_one_clear_message(tmp_path: Path) -> None:
    """A real run: the bundled Java and Ivy, with a bundle of certificates that trusts nobody."""
    nobody = tmp_path / "nobody.pem"
    nobody.write_text(self_signed())
    ivy = Ivy(java.bundled_binary(), tmp_path / "work", tmp_path / "ivy.log", Network(nobody))
    one = read_lock()["broker"]
    small = replace(one, files={f: d for f, d in one.files.items() if f.artifact == "jopt-simple"})
    with pytest.raises(EnvironmentProblem, match="could not be downloaded") as caught:
        install([small], tmp_path / "jars", ivy, silent)
    assert caught.value.exit_code == 4
    assert "network" in caught.value.command
    assert caught.value.log == tmp_path / "ivy.log"


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        pytest.param("ok\n\tHost x not found. url=y\nend", "Host x not found. url=y", id="no name"),
        pytest.param("a\nPKIX path building failed\nb", "PKIX path building failed", id="trust"),
        pytest.param("one\nlast\n\n", "last", id="anything else: the last line"),
        pytest.param("", "Ivy said nothing", id="nothing"),
    ],
)
def test_first_complaint(log: str, complaint: str) -> None:
    assert first_complaint(log) == complaint


def self_signed() -> str:

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
