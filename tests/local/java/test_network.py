"""How the jars are fetched where the network is not open: by a proxy, or from a mirror."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.java import runtime as java
from local.java.ivy import Coordinate, Ivy
from local.java.network import Network

JAR = Coordinate("org.example", "small", "1.0")
PATH = "/maven/org/example/small/1.0/small-1.0.jar"


@pytest.mark.parametrize(
    ("proxy", "direct", "options"),
    [
        pytest.param(None, "localhost", [], id="no proxy"),
        pytest.param("http://p:3128", "", ["p", "p", "3128", "3128"], id="with a port"),
        pytest.param("http://p", "", ["p", "p", "80", "80"], id="without a port"),
        pytest.param("https://p/", "", ["p", "p", "443", "443"], id="of its scheme"),
        pytest.param("p:3128", "", ["p", "p", "3128", "3128"], id="without a scheme"),
        pytest.param("http://p:1", "a.b", ["p", "p", "1", "1", "a.b|*.a.b"], id="a host is direct"),
        pytest.param(
            "http://p:1", ".a.b, c", ["p", "p", "1", "1", "a.b|*.a.b|c|*.c"], id="domains"
        ),
        pytest.param("http://p:1", "*", ["p", "p", "1", "1", "*"], id="all are direct"),
    ],
)
def test_what_java_is_told(proxy: str | None, direct: str, options: list[str]) -> None:
    told = Network(proxy=proxy, direct=direct).proxy_options()
    assert [each.partition("=")[2] for each in told] == options


@pytest.mark.parametrize("proxy", ["http://ana:secret@p:1", "socks5://p:1", "http://:1"])
def test_a_proxy_that_java_cannot_use_is_refused(proxy: str) -> None:
    with pytest.raises(EnvironmentProblem, match="HTTPS_PROXY cannot be used") as refused:
        Network(proxy=proxy).proxy_options()
    assert "secret" not in f"{refused.value}{refused.value.cause}{refused.value.command}"


@dataclass
class Server:
    """Serves one jar, and keeps what was asked for."""

    address: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            self._head()
            if self.path.endswith(PATH):
                self.wfile.write(b"jar")

        def do_HEAD(self) -> None:
            kept.asked.append(self.path)
            self._head()

        def _head(self) -> None:
            found = self.path.endswith(PATH)
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", "3" if found else "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing is told."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Server(f"http://127.0.0.1:{serving.server_port}")
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield kept
    serving.shutdown()
    serving.server_close()


def fetched(folder: Path, network: Network) -> bytes:
    ivy = Ivy(java.bundled_binary(), folder / "work", folder / "ivy.log", network)
    ivy.fetch([JAR], "[artifact].[ext]")
    return (folder / "work" / "small.jar").read_bytes()


def test_from_a_mirror(server: Server, tmp_path: Path) -> None:
    assert fetched(tmp_path, Network(mirror=f"{server.address}/maven")) == b"jar"
    assert PATH in server.asked


def test_by_a_proxy(server: Server, tmp_path: Path) -> None:
    network = Network(proxy=server.address, mirror="http://maven.example/maven")
    assert fetched(tmp_path, network) == b"jar"
    assert f"http://maven.example{PATH}" in server.asked


def test_past_the_proxy(server: Server, tmp_path: Path) -> None:
    network = Network(proxy=server.address, direct="example", mirror="http://maven.example/maven")
    with pytest.raises(EnvironmentProblem, match="could not be downloaded"):
        fetched(tmp_path, network)
    assert server.asked == []
