"""Offsets without a record: those of transactions, and those that a person accepted as lost."""

from __future__ import annotations

import pytest

from tests.proof.shop.events import ORDERS
from tests.proof.shop.records import TOPIC
from tests.proof.shop.stores import Shop
from tests.proof.test_levels import red_checks, report_of

COMPLETE = "offsets = bronze + skipped, from the first to the last"
EMPTY = "bronze holds no record at an offset that an application skipped"
SILENT = "where offsets were skipped, Kafka gives no record either"
PLACES = {
    "before the first record": (True, False),
    "behind the last record": (False, True),
    "on both sides": (True, True),
}


def shop(*, before: bool, after: bool, gap: bool = False) -> Shop:
    """The usual shop, with three offsets skipped in front of its records, or two behind them."""
    made = Shop()
    if before:
        made.skip(0, 3, gap=gap)
    for number, one in enumerate(ORDERS):
        made.append(number % 2, one, after=number * 30)
    if after:
        made.skip(0, 2, gap=gap)
    return made


@pytest.mark.parametrize("place", PLACES)
def test_offsets_of_transactions_are_counted_and_green(place: str) -> None:
    before, after = PLACES[place]
    report = report_of(shop(before=before, after=after).open())
    assert (red_checks(report), report.green) == (set(), True)
    assert report.words["skipped"] == 3 * before + 2 * after
    assert (report.words["gap"], report.words["lost"]) == (0, 0)


@pytest.mark.parametrize("place", PLACES)
def test_a_gap_is_green_and_told_with_its_offsets_and_who_accepted_it(place: str) -> None:
    before, after = PLACES[place]
    report = report_of(shop(before=before, after=after, gap=True).open())
    assert (red_checks(report), report.green) == (set(), True)
    assert report.words["gap"] == 3 * before + 2 * after
    assert (report.words["skipped"], report.words["lost"]) == (0, 0)
    notes = [n for level in report.levels for n in level.notes if n.startswith("gap: ")]
    assert len(notes) == 2 * (before + after), "one of each application"
    if before:
        assert f"gap: ingest never read {TOPIC}/0 [0, 3), accepted by ann@till at 2" in notes[0]


def test_an_acknowledged_event_in_a_gap_is_no_lost_one() -> None:
    made = shop(before=True, after=False, gap=True)
    connection = made.open()
    connection.execute("INSERT INTO ledger.attempts VALUES ('run-1', 99, 'e-99', ?, 99)", [TOPIC])
    connection.execute("INSERT INTO ledger.outcomes VALUES ('run-1', 99, 'acknowledged', 0, 1, 0)")
    report = report_of(connection)
    assert (red_checks(report), report.words["lost"], report.green) == (set(), 0, True)
    connection = made.open()
    connection.execute("INSERT INTO ledger.attempts VALUES ('run-1', 99, 'e-99', ?, 99)", [TOPIC])
    connection.execute("INSERT INTO ledger.outcomes VALUES ('run-1', 99, 'acknowledged', 0, 1, 0)")
    connection.execute("UPDATE answers.skipped SET reason = 'transaction'")
    report = report_of(connection)
    assert report.words["lost"] == 1, "a transaction acknowledges no record at its mark"
    assert not report.green


NOT_TOLD = {
    "a skipped range is not recorded": ("DELETE FROM answers.skipped", {COMPLETE}),
    "one offset of a range is not recorded": (
        "UPDATE answers.skipped SET ranges = '[[4, 5]]'",
        {COMPLETE},
    ),
    "a record is passed off as skipped": (
        "UPDATE answers.skipped SET ranges = '[[2, 5]]'",
        {COMPLETE, EMPTY},
    ),
    "Kafka gives a record there": ("UPDATE broker.skipped SET committed = 1", {SILENT}),
    "a record may be gone there": ("UPDATE broker.skipped SET compacted = true", {SILENT}),
    "orders skipped what bronze holds": (
        "UPDATE answers.skipped SET ranges = '[[2, 3]]' WHERE application = 'orders'",
        {EMPTY},
    ),
}


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_is_recorded_wrongly_is_red(name: str) -> None:
    statement, red = NOT_TOLD[name]
    made = shop(before=False, after=True)
    made.append(0, ORDERS[0], after=600)
    connection = made.open()
    assert report_of(connection).green
    connection = made.open()
    connection.execute(statement)
    assert red <= red_checks(report_of(connection))
