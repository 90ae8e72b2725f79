"""The same order is the same event, in whatever file it comes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.events import replayed_order_id
from contracts.ledger import RUN_FILE
from tests.producer.replay.tried import Try
from tests.producer.retail import row, sent_orders


def ids_of(edition: str) -> list[str]:
    """The ids of the orders of `ROWS`."""
    return [
        replayed_order_id(edition, "1", "placed"),
        replayed_order_id(edition, "C2", "cancelled"),
        replayed_order_id(edition, "3", "adjustment"),
    ]


def test_the_same_file_sends_the_same_events(tried: Try, file: Path) -> None:
    for _ in range(2):
        tried.replay(file)
    ids = [order.event_id for order in sent_orders(tried.out)]
    assert ids[:3] == ids[3:] == ids_of("online-retail")


AGAIN: dict[str, tuple[Callable[[bytes], bytes], list[str]]] = {
    "other line ends": (lambda raw: raw.replace(b"\n", b"\r\n"), []),
    "a byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, []),
    "packed": (gzip.compress, []),
    "another order of rows": (lambda raw: b"\n".join(_backwards(raw)), []),
    "one order more": (lambda raw: raw + ",".join(row("9")).encode() + b"\n", ["9"]),
}


def _backwards(raw: bytes) -> list[bytes]:
    header, *rows = raw.splitlines()
    return [header, *rows[::-1]]


@pytest.mark.parametrize("name", AGAIN)
def test_of_a_file_saved_again_only_what_is_new_is_new(name: str, tried: Try, file: Path) -> None:
    save, new = AGAIN[name]
    tried.replay(file)
    known = {order.event_id: (order.lines, order.total) for order in sent_orders(tried.out)}
    file.write_bytes(save(file.read_bytes()))
    tried.replay(file)
    again = sent_orders(tried.out)[len(known) :]
    assert [order.order_id for order in again if order.event_id not in known] == new
    told = {order.event_id: (order.lines, order.total) for order in again}
    assert told.items() >= known.items()


def test_another_data_set_is_of_other_orders(tried: Try, file: Path) -> None:
    tried.replay(file)
    tried.replay(file, "--dataset", "second-shop")
    assert [order.event_id for order in sent_orders(tried.out)] == [
        *ids_of("online-retail"),
        *ids_of("second-shop"),
    ]


def test_events_of_an_earlier_version_are_not_counted_twice(tried: Try, file: Path) -> None:
    _, answer = tried.replay(file)
    told = tried.ledger / answer["run_id"] / RUN_FILE
    run = tried.run(answer["run_id"])
    assert run.source is not None
    told.write_text(replace(run, source=replace(run.source, edition=run.source.sha256)).to_json())
    code, refusal = tried.replay(file)
    assert code == 2
    assert "was sent by an earlier version" in refusal["error"]
    assert tried.replay(file, "--new-run")[0] == 0


def test_a_new_run_counts_anew(tried: Try, file: Path) -> None:
    _, first = tried.replay(file)
    _, second = tried.replay(file, "--new-run")
    assert second["edition"] == f"{first['edition']}:{second['run_id']}"
    assert len({order.event_id for order in sent_orders(tried.out)}) == 6


def test_a_changed_copy_of_a_known_order_is_not_sent(tried: Try, file: Path) -> None:
    tried.replay(file)
    file.write_text(file.read_text().replace("France", "Spain") + ",".join(row("9")) + "\n")
    code, answer = tried.replay(file)
    assert code == answer["exit_code"] == 1
    assert (answer["changed"], answer["first_changed"]) == (1, ["order C2 (row 3)"])
    assert [order.order_id for order in sent_orders(tried.out)[3:]] == ["1", "3", "9"]
    code, answer = tried.replay(file, "--new-run")
    assert (code, answer["changed"]) == (0, 0)
