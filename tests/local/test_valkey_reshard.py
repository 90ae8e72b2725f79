"""Which slots move when a shard comes or goes."""

from __future__ import annotations

from collections import Counter

import pytest

from local.valkey_cluster import SLOTS, even_ranges
from local.valkey_reshard import moves


def owned(shards: int) -> dict[str, list[int]]:
    return {
        f"valkey-{number}": list(range(first, last + 1))
        for number, (first, last) in enumerate(even_ranges(shards), start=1)
    }


@pytest.mark.parametrize("shards", [3, 4, 7, 90])
def test_even_ranges_cover_every_slot_once(shards: int) -> None:
    sizes = [len(slots) for slots in owned(shards).values()]
    assert sum(sizes) == SLOTS
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(3, 4, id="one more"),
        pytest.param(4, 3, id="one less"),
        pytest.param(3, 3, id="as before"),
        pytest.param(3, 6, id="twice as many"),
    ],
)
def test_no_more_moves_than_must(before: int, after: int) -> None:
    held, shards = owned(before), [f"valkey-{n}" for n in range(1, after + 1)]
    found = moves(held, shards)
    counts = Counter({name: len(slots) for name, slots in held.items()})
    for move in found:
        assert move.slot in held[move.source]
        counts[move.source] -= 1
        counts[move.target] += 1
    kept = {name: counts[name] for name in shards}
    assert sum(kept.values()) == SLOTS
    assert max(kept.values()) - min(kept.values()) <= 1
    assert len({move.slot for move in found}) == len(found)
    assert len(found) / SLOTS <= abs(after - before) / max(after, before) + 0.001
