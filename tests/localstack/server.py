"""A LocalStack of its own: in its own environment, on loopback, gone without a trace afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from local.ports import claim
from tests.architecture.tree import ROOT

# `make test-localstack` makes it of requirements-localstack.txt.
ENVIRONMENT = ROOT / "build" / "localstack"
_READY_SECONDS = 120
_STOP_SECONDS = 30


def resource_types() -> frozenset[str]:
    """What this LocalStack has a provider for: it says so itself, in its entry points."""
    (file,) = ENVIRONMENT.glob("lib/python3*/site-packages/localstack_core-*/entry_points.txt")
    points = ConfigParser(delimiters=("=",))
    points.optionxform = str  # type: ignore[assignment,method-assign] - how its manual keeps capitals
    points.read(file)
    return frozenset(points["localstack.cloudformation.resource_providers"])


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a LocalStack whose files are in `folder`."""
    port = claim(0)
    assert port is not None
    url = f"http://127.0.0.1:{port}"
    with (folder / "localstack.log").open("wb") as log:
        server = subprocess.Popen(
            [ENVIRONMENT / "bin" / "python", "-m", "localstack.runtime.main"],
            env=_environment(folder, port),
            cwd=folder,
            stdout=log,
            stderr=log,
            # Whatever it starts is in its group, and ends with it.
            start_new_session=True,
        )
    try:
        _await_ready(url, server, folder / "localstack.log")
        yield url
    finally:
        _end(server)


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Nothing of ours: no credentials, no home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FILESYSTEM_ROOT": str(folder / "files"),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        # A type it does not have is a failure, where by default it would only look created.
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        # Nothing beyond loopback: no certificate, no usage events, no name server.
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
    }


def _await_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_localstack/health", timeout=5):
                return
        except (URLError, OSError):
            ended = server.poll() is not None
            assert not ended and time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.25)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        try:
            os.killpg(server.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        server.wait(timeout=_STOP_SECONDS)
