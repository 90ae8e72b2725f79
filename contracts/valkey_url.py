"""How an application is told where Valkey is.

``valkey://HOST:PORT,HOST:PORT?passfile=FILE``: plain, with the password that is in a file.
``valkeys://HOST:PORT?user=USER&cache=CACHE``: TLS, with a token of the caller's AWS identity for a
user of a replication group.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True)
class ValkeyUrl:
    """`nodes` are asked for the others; either `passfile`, or `user` and `cache`, is given."""

    nodes: tuple[tuple[str, int], ...]
    passfile: str = ""
    user: str = ""
    cache: str = ""

    @property
    def tls(self) -> bool:
        return bool(self.cache)

    def __str__(self) -> str:
        nodes = ",".join(f"{host}:{port}" for host, port in self.nodes)
        if self.tls:
            return f"valkeys://{nodes}?user={quote(self.user)}&cache={quote(self.cache)}"
        return f"valkey://{nodes}?passfile={quote(self.passfile)}"

    @classmethod
    def parse(cls, text: str) -> ValkeyUrl:
        """ValueError when it is not of the two forms."""
        parts = urlsplit(text)
        values = dict(parse_qsl(parts.query))
        wanted = {"valkey": {"passfile"}, "valkeys": {"user", "cache"}}.get(parts.scheme)
        nodes = [node.rpartition(":") for node in parts.netloc.split(",")]
        ports = all(host and port.isdigit() for host, _, port in nodes)
        if wanted is None or values.keys() != wanted or not ports:
            raise ValueError(
                f"{text!r} is neither valkey://HOST:PORT,...?passfile=FILE "
                "nor valkeys://HOST:PORT?user=USER&cache=CACHE"
            )
        return cls(tuple((host, int(port)) for host, _, port in nodes), **values)
