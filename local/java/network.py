"""How Java's downloads leave the machine: it reads none of the variables that say so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from contracts.errors import EnvironmentProblem

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Network:
    """`certificates` is a PEM bundle to trust, `proxy` the URL of a proxy, `direct` the hosts that
    are asked without it, separated by commas, and `mirror` the root of a copy of Maven Central."""

    certificates: Path | None = None
    proxy: str | None = None
    direct: str = ""
    mirror: str | None = None

    def proxy_options(self) -> list[str]:
        """Java's options for the proxy. An EnvironmentProblem when Java cannot use it."""
        if self.proxy is None:
            return []
        # curl takes an address without a scheme, too.
        parts = urlsplit(self.proxy if "://" in self.proxy else f"http://{self.proxy}")
        if parts.scheme not in _PORTS or parts.hostname is None or parts.username is not None:
            raise EnvironmentProblem(
                "the proxy of HTTPS_PROXY cannot be used for jars",
                cause="only http://HOST:PORT is taken: a password would show in the process list",
                command="set HTTPS_PROXY to a proxy without a password, or "
                "SHOPSTREAM_MAVEN_MIRROR to a copy of Maven Central that is reached without one",
            )
        port = parts.port or _PORTS[parts.scheme]
        hosts = "|".join(_java_hosts(self.direct))
        return [
            *(f"-D{scheme}.proxyHost={parts.hostname}" for scheme in _PORTS),
            *(f"-D{scheme}.proxyPort={port}" for scheme in _PORTS),
            # Java reads this one for https, too.
            *([f"-Dhttp.nonProxyHosts={hosts}"] if hosts else []),
        ]


# A machine that reaches the registry by itself.
OPEN = Network()


def _java_hosts(direct: str) -> list[str]:
    """The hosts as Java names them: a domain stands for itself and all within it."""
    found = []
    for host in filter(None, (each.strip() for each in direct.split(","))):
        name = host.removeprefix("*").lstrip(".")
        found += ["*"] if host == "*" else [name, f"*.{name}"]
    return found
