"""The stack's Valkey: a client, and the entries of its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import valkey

from contracts.hot_keys import HotHash, HotKeys
from contracts.valkey_url import ValkeyUrl
from readers.filling import batches

_KEYS_AT_ONCE = 1_000


@dataclass(frozen=True)
class HotEntry:
    """A member of a sorted set with its score, or a field of a hash with its number. A key whose
    kind is not known has neither `template`, `entry` nor `value`."""

    template: str | None
    key: str
    entry: str | None = None
    value: int | None = None


def connect(url: str) -> Any:
    """A client of all shards; the caller closes it."""
    endpoint = ValkeyUrl.parse(url)
    host, port = endpoint.nodes[0]
    return valkey.ValkeyCluster(
        host=host,
        port=port,
        password=Path(endpoint.passfile).read_text().strip(),
        decode_responses=True,
    )


def read_entries(store: Any, kinds: tuple[HotKeys, ...]) -> Iterator[HotEntry]:
    """The entries of every key; each key is one of `kinds` or unknown."""
    patterns = {kind.pattern: kind for kind in kinds}
    for keys in batches(store.scan_iter(count=_KEYS_AT_ONCE), _KEYS_AT_ONCE):
        yield from _entries(store, {key: _kind(key, patterns) for key in keys})


def _kind(key: str, patterns: Mapping[re.Pattern[str], HotKeys]) -> HotKeys | None:
    return next((kind for pattern, kind in patterns.items() if pattern.fullmatch(key)), None)


def _entries(store: Any, kinds: Mapping[str, HotKeys | None]) -> Iterator[HotEntry]:
    pipeline = store.pipeline()
    known = {key: kind for key, kind in kinds.items() if kind}
    for key, kind in known.items():
        if isinstance(kind, HotHash):
            pipeline.hgetall(key)
        else:
            pipeline.zrange(key, 0, -1, withscores=True)
    for (key, kind), held in zip(known.items(), pipeline.execute(), strict=True):
        for entry, value in held.items() if isinstance(held, dict) else held:
            yield HotEntry(kind.template, key, entry, int(value))
    yield from (HotEntry(None, key) for key, kind in kinds.items() if kind is None)
