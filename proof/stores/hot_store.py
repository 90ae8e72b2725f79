"""Valkey's keys copied into DuckDB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from proof.filling import batches, fill
from readers.valkey import connect

_KEYS_AT_ONCE = 1_000
_VIEWED = re.compile(r"user:\{(.*)\}:viewed")
_PRODUCT_DAY = re.compile(r"product:\{(.*)\}:(\d{8})")
_TRENDING = re.compile(r"trending:\{(.*)\}:(\d{10})")


def load_hot(connection: duckdb.DuckDBPyConnection, url: str, now: float) -> None:
    """Fill the relations of ``hot``; `now` is in epoch seconds. Keys of other names are told as
    `hot.unknown`."""
    fill(connection, "hot.moment", [(round(now * 1_000_000),)])
    store = connect(url)
    try:
        for keys in batches(store.scan_iter(count=_KEYS_AT_ONCE), _KEYS_AT_ONCE):
            _load(connection, store, keys)
    finally:
        store.close()


def _load(connection: duckdb.DuckDBPyConnection, store: Any, keys: list[str]) -> None:
    sets = [key for key in keys if _VIEWED.fullmatch(key) or _TRENDING.fullmatch(key)]
    hashes = [key for key in keys if _PRODUCT_DAY.fullmatch(key)]
    pipeline = store.pipeline()
    for key in sets:
        pipeline.zrange(key, 0, -1, withscores=True)
    for key in hashes:
        pipeline.hgetall(key)
    answers = pipeline.execute()
    held = dict(zip(sets, answers, strict=False))
    fill(connection, "hot.viewed", _members(held, _VIEWED))
    fill(connection, "hot.trending", _members(held, _TRENDING))
    counted = zip(hashes, answers[len(sets) :], strict=True)
    fill(connection, "hot.product_day", (_product_day(key, fields) for key, fields in counted))
    unknown = set(keys) - set(sets) - set(hashes)
    fill(connection, "hot.unknown", [(key,) for key in sorted(unknown)])


def _members(held: dict[str, Any], name: re.Pattern[str]) -> Iterator[tuple[object, ...]]:
    """The groups of a key's name, the member and its score, a row each."""
    for key, members in held.items():
        found = name.fullmatch(key)
        if found:
            for member, score in members:
                yield *found.groups(), member, int(score)


def _product_day(key: str, fields: dict[str, str]) -> tuple[object, ...]:
    found = _PRODUCT_DAY.fullmatch(key)
    assert found is not None
    counts = [int(fields.get(name, -1)) for name in ("views", "carts", "purchases")]
    revenue = {
        name.removeprefix("revenue:"): int(value)
        for name, value in fields.items()
        if name.startswith("revenue:")
    }
    return *found.groups(), *counts, json.dumps(revenue, sort_keys=True)
