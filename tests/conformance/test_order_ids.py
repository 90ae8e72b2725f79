"""Every store of order ids keeps what was said first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.errors import NotReady
from producer.order_ids import FileOrderIds, OrderIds, PostgresOrderIds

ONE, TWO = "0c7e2f0e-8f3d-5e0c-a1b5-6f7a0f4f2a01", "0c7e2f0e-8f3d-5e0c-a1b5-6f7a0f4f2a02"


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.e2e)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], OrderIds]]:
    held: list[OrderIds] = []

    def open_one() -> OrderIds:
        if request.param == "file":
            held.append(FileOrderIds(tmp_path))
        else:
            held.append(PostgresOrderIds(request.getfixturevalue("postgres")))
        return held[-1]

    yield open_one
    for one in held:
        one.close()


def test_a_copy_that_says_the_same_is_no_change(opened: Callable[[], OrderIds]) -> None:
    assert opened().changed([(ONE, b"a"), (TWO, b"b")]) == set()
    assert opened().changed([(ONE, b"a")]) == set()
    assert opened().changed([]) == set()


def test_what_was_said_first_stays(opened: Callable[[], OrderIds]) -> None:
    opened().changed([(ONE, b"a"), (TWO, b"b")])
    for _ in range(2):
        assert opened().changed([(ONE, b"c"), (TWO, b"b")]) == {ONE}


def test_a_silent_postgres_is_told() -> None:
    with pytest.raises(NotReady, match="holds the ids of orders, does not answer"):
        PostgresOrderIds("postgresql://127.0.0.1:1/shop?connect_timeout=1")
