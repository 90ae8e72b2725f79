"""How far the applications are behind, and what of it no application can help."""

from __future__ import annotations

import pytest

from ops.commands.status.lag import Applied, Lag, lags
from readers.kafka import PartitionOffsets

TOPIC = "ecommerce-orders"


def partition(low: int, stable: int, high: int, number: int = 0) -> PartitionOffsets:
    return PartitionOffsets(TOPIC, "id", number, low, stable, high)


def applied(until: int, number: int = 0) -> Applied:
    return Applied("orders", "id", number, until)


@pytest.mark.parametrize(
    ("partitions", "progress", "lag", "told"),
    [
        pytest.param([partition(0, 9, 9)], [applied(9)], Lag(), "", id="all applied"),
        pytest.param([partition(0, 9, 9)], [applied(7)], Lag(2), "lag 2 offsets", id="behind"),
        pytest.param(
            [partition(0, 6, 9)],
            [applied(6)],
            Lag(3, 3),
            "lag 3 offsets, 3 of them held back by an open transaction",
            id="an open transaction",
        ),
        pytest.param(
            [partition(0, 6, 9), partition(0, 4, 4, 1)],
            [applied(5), applied(4, 1)],
            Lag(4, 3),
            "lag 4 offsets, 3 of them held back by an open transaction",
            id="behind, and an open transaction",
        ),
        pytest.param([partition(5, 9, 9)], [], Lag(4), "lag 4 offsets", id="nothing applied yet"),
    ],
)
def test_a_lag_is_told(
    partitions: list[PartitionOffsets], progress: list[Applied], lag: Lag, told: str
) -> None:
    found = lags(partitions, progress)["orders"]
    assert found == lag
    assert str(found) == told
