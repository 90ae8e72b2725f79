"""How much of a disk stays free, by its size."""

from __future__ import annotations

import pytest

from contracts.laptop.free_space import MB, kept_free, needed_for
from contracts.topics import CLICKS, ORDERS, PROMOTIONS


@pytest.mark.parametrize(
    ("total_mb", "kept_mb"),
    [
        pytest.param(3_000, 300, id="a tenth of a small disk"),
        pytest.param(20_480, 2_048, id="a tenth is 2 GB"),
        pytest.param(250_000, 2_048, id="2 GB of a large disk"),
    ],
)
def test_what_stays_free(total_mb: int, kept_mb: int) -> None:
    assert kept_free(total_mb * MB) == kept_mb * MB


def test_an_order_needs_twenty_times_as_much_as_any_other_record() -> None:
    waiting = {ORDERS.name: 2, CLICKS.name: 30, PROMOTIONS.name: 10}
    assert needed_for(waiting) == (2 * 20 + 30 + 10) * 1024
