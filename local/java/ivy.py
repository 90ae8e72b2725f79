"""Fetch jars with the Apache Ivy that comes inside pyspark, on any Java."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from contracts.errors import EnvironmentProblem
from local.java.network import OPEN, Network
from local.java.runtime import NO_PERFORMANCE_FILE

# Public on purpose: Java wants a password, and the store holds public certificates only.
STORE_PASSWORD = "changeit"
CONNECT_MS, READ_MS = 15_000, 120_000

SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <timeout-constraints>
    <timeout-constraint name="bounded" connectionTimeout="{connect}" readTimeout="{read}"/>
  </timeout-constraints>
  <caches defaultCacheDir={cache}/>
  <resolvers>
    <ibiblio name="central" m2compatible="true" usepoms="{usepoms}" checksums=""{root}
             timeoutConstraint="bounded"/>
  </resolvers>
</ivysettings>
"""


@dataclass(frozen=True, order=True)
class Coordinate:
    """One file of a Maven repository, written group:artifact:version[:classifier]."""

    group: str
    artifact: str
    version: str
    classifier: str = ""

    @classmethod
    def parse(cls, text: str) -> Coordinate:
        return cls(*text.split(":"))

    def __str__(self) -> str:
        parts = (self.group, self.artifact, self.version, self.classifier)
        return ":".join(part for part in parts if part)

    @property
    def file_name(self) -> str:
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.jar"


@dataclass(frozen=True)
class Ivy:
    """How to run Ivy: the Java, a folder for its files, its log, and the way out."""

    java: Path
    work: Path
    log: Path
    network: Network = OPEN

    def fetch(
        self,
        coordinates: Sequence[Coordinate],
        pattern: str,
        *,
        transitive: bool = False,
        excluded: Sequence[str] = (),
        on_line: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Bring the files to `pattern`; an EnvironmentProblem names what could not be fetched."""
        self.work.mkdir(parents=True, exist_ok=True)
        settings = self.work / "ivysettings.xml"
        settings.write_text(
            SETTINGS.format(
                cache=quoteattr(str(self.work / "cache")),
                connect=CONNECT_MS,
                read=READ_MS,
                usepoms=str(transitive).lower(),
                root=f" root={quoteattr(mirror)}" if (mirror := self.network.mirror) else "",
            )
        )
        module = self.work / "ivy.xml"
        module.write_text(module_xml(coordinates, transitive, excluded))
        command = [
            str(self.java),
            NO_PERFORMANCE_FILE,
            *self._trust(),
            *self.network.proxy_options(),
            *("-cp", str(pyspark_jars() / "*"), "org.apache.ivy.Main"),
            *("-settings", str(settings), "-ivy", str(module)),
            *("-retrieve", str(self.work / pattern)),
            *("-types", "jar", "bundle"),
        ]
        self._run(command, on_line)

    def _run(self, command: list[str], on_line: Callable[[str], None]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with (
            self.log.open("w") as kept,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                kept.write(line)
                on_line(line.rstrip())
        if process.returncode != 0:
            raise EnvironmentProblem(
                f"the jars could not be downloaded: {first_complaint(self.log.read_text())}",
                cause=f"{self.network.mirror or 'the package registry (Maven Central)'} cannot be "
                "reached from this machine, or the file that SSL_CERT_FILE names lacks the "
                "certificate of a proxy",
                command="check the network, HTTPS_PROXY and SHOPSTREAM_MAVEN_MIRROR, then "
                "`shopstream up` again",
                log=self.log,
            )

    def _trust(self) -> list[str]:
        """Java does not read SSL_CERT_FILE: behind a proxy with its own authority it needs this."""
        if self.network.certificates is None:
            return []
        store = self.work / "trust.p12"
        store.write_bytes(trust_store(self.network.certificates))
        return [
            f"-Djavax.net.ssl.trustStore={store}",
            "-Djavax.net.ssl.trustStoreType=PKCS12",
            f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}",
        ]


def pyspark_jars() -> Path:
    """The jars that come with pyspark."""
    spec = find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentProblem(
            "pyspark is not installed", cause="the set-up was cut short", command="make clean test"
        )
    return Path(spec.submodule_search_locations[0]) / "jars"


def trust_store(certificates: Path) -> bytes:
    """Make a PKCS12 store that Java trusts from a PEM bundle."""
    try:
        with warnings.catch_warnings():
            # Old authorities break today's rules. Whom to trust is the user's decision.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            loaded = x509.load_pem_x509_certificates(certificates.read_bytes())
    except (OSError, ValueError) as problem:
        raise EnvironmentProblem(
            f"the certificates in {certificates} cannot be read: {problem}",
            cause="SSL_CERT_FILE names something that is not a file of PEM certificates",
            command="unset SSL_CERT_FILE, or make it name the right file",
        ) from problem
    entries = [
        pkcs12.PKCS12Certificate(certificate, f"ca-{number}".encode())
        for number, certificate in enumerate(loaded)
    ]
    password = BestAvailableEncryption(STORE_PASSWORD.encode())
    return pkcs12.serialize_java_truststore(entries, password)


def module_xml(coordinates: Sequence[Coordinate], transitive: bool, excluded: Sequence[str]) -> str:
    """The module file that asks Ivy for the coordinates, and if `transitive` for what they need."""
    lines = [
        '<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">',
        '  <info organisation="shopstream" module="jars"/>',
        '  <configurations><conf name="default"/></configurations>',
        "  <dependencies>",
    ]
    for one in coordinates:
        # A shaded file holds what it needs: its dependencies are not followed.
        follow = transitive and not one.classifier
        configuration = "default->compile,runtime,master" if transitive else "default->*"
        lines.append(
            f"    <dependency org={quoteattr(one.group)} name={quoteattr(one.artifact)} "
            f'rev={quoteattr(one.version)} transitive="{str(follow).lower()}" force="true" '
            f"conf={quoteattr(configuration)}>"
        )
        classifier = f" m:classifier={quoteattr(one.classifier)}" if one.classifier else ""
        lines.append(
            f'      <artifact name={quoteattr(one.artifact)} type="jar" ext="jar"{classifier}/>'
        )
        lines.append("    </dependency>")
    lines += [f"    <exclude org={quoteattr(group)}/>" for group in excluded]
    return "\n".join([*lines, "  </dependencies>", "</ivy-module>", ""])


def first_complaint(log: str) -> str:
    """The first line of Ivy's output that names a failure, else the last line."""
    marks = ("not found", "unresolved dep", "PKIX", "timed out", "refused", "Host ")
    for line in log.splitlines():
        if any(mark.lower() in line.lower() for mark in marks):
            return line.strip().strip(":").strip()
    last = [line for line in log.splitlines() if line.strip()]
    return last[-1].strip() if last else "Ivy said nothing"
