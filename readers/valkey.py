"""A stack's Valkey as the commands read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import valkey

from contracts.valkey_url import ValkeyUrl


def connect(url: str) -> Any:
    """A client of all shards; the caller closes it."""
    place = ValkeyUrl.parse(url)
    host, port = place.nodes[0]
    return valkey.ValkeyCluster(
        host=host,
        port=port,
        password=Path(place.passfile).read_text().strip(),
        decode_responses=True,
    )
