"""How large the records of a topic are, by what its brokers tell."""

from __future__ import annotations

from typing import Any

import pytest

from emr_jobs.stores.kafka import largest_offset


def broker(**topics: list[int]) -> dict[str, Any]:
    """The sizes of a broker's partitions, by topic."""
    told = [
        {
            "name": name,
            "partitions": [
                {"partition_index": n, "partition_size": size} for n, size in enumerate(sizes)
            ],
        }
        for name, sizes in topics.items()
    ]
    return {"broker": 1, "log_dirs": [{"topics": told}]}


@pytest.mark.parametrize(
    ("brokers", "found"),
    [
        pytest.param([broker(orders=[300, 500], clicks=[90, 0])], 4.0, id="the larger topic"),
        pytest.param([broker(orders=[300, 0]), broker(orders=[300, 0])], 1.5, id="two replicas"),
        pytest.param([broker(orders=[300, 0]), broker(orders=[0, 500])], 4.0, id="two brokers"),
        pytest.param([], 0.0, id="a broker that tells nothing"),
    ],
)
def test_bytes_per_offset(brokers: list[dict[str, Any]], found: float) -> None:
    first = {"orders": {0: 100, 1: 0}, "clicks": {0: 0, 1: 0}}
    ends = {"orders": {0: 200, 1: 100}, "clicks": {0: 30, 1: 0}}
    assert largest_offset(brokers, first, ends) == found


def test_nothing_stored_has_no_size() -> None:
    assert largest_offset([broker(orders=[0])], {"orders": {0: 0}}, {"orders": {0: 0}}) == 0.0
