"""Late, doubled, future-dated and malformed events: as many as wanted, rejected as labelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from contracts.codec import decode, decode_record
from contracts.events import LATE_AFTER_US
from contracts.rejections import Rejection
from contracts.topics import SOURCES, Topic
from producer.outlets import Deliveries
from producer.simulate.shop.defects import DEFECTS, Defect, broken
from producer.simulate.verdicts import Verdicts, quarantined
from tests.producer.simulate.sent_shop import REGISTRY, SHOP, START, Sent, send, with_shares

EVENTS = 20_000
ALL = with_shares(duplicates=0.05, late=0.05, out_of_order=0.05, future=0.01, malformed=0.02)
# Events leave as they happen here, so that none is late by itself.
QUICK = replace(ALL, events_per_second=2_000.0)
NOW = START + 11_000_000
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def odd() -> Sent:
    return send(QUICK, events=EVENTS, now=NOW)


@cache
def valid_of(topic: Topic) -> bytes:
    found = [value for one, _, value in send(events=20_000).outlet.sent if one == topic]
    return found[0]


@pytest.mark.parametrize(
    ("topic", "defect"),
    [
        pytest.param(topic, defect, id=f"{topic.schema}-{defect.reason}")
        for topic, defects in zip(SOURCES, DEFECTS, strict=True)
        for defect in defects
    ],
)
def test_each_defect_is_rejected_with_the_reason_it_announces(topic: Topic, defect: Defect) -> None:
    outcome = decode(
        topic, broken(topic, valid_of(topic), defect, REGISTRY), NOW + 60 * MINUTE, REGISTRY
    )
    assert isinstance(outcome, Rejection)
    assert outcome.reason == defect.reason


def test_a_topic_has_one_defect_a_reason() -> None:
    for defects in DEFECTS:
        reasons = [defect.reason for defect in defects]
        assert len(set(reasons)) == len(reasons)


def test_shares_are_those_asked_for(odd: Sent) -> None:
    progress = odd.sender.counted()
    assert progress.events == EVENTS
    assert progress.attempted - EVENTS == pytest.approx(0.05 * EVENTS, rel=0.15)
    rejected = sum(n for name, n in progress.verdicts.items() if name.startswith("quarantine:"))
    # Copies of malformed and future-dated events are rejected as well.
    assert rejected == pytest.approx(0.03 * EVENTS * 1.05, rel=0.15)
    assert progress.verdicts["late"] == pytest.approx(0.05 * EVENTS, rel=0.15)
    assert progress.verdicts["quarantine:future_dated"] == pytest.approx(0.0105 * EVENTS, rel=0.2)


def test_the_counts_are_what_a_reader_finds_to_the_event(odd: Sent) -> None:
    seen: set[str] = set()
    found: Counter[str] = Counter()
    for outcome in odd.outcomes:
        if isinstance(outcome, Rejection):
            found[f"quarantine:{outcome.reason}"] += 1
            continue
        event_id = outcome.event_id  # type: ignore[union-attr] - alerts are not sent
        late = NOW - outcome.event_time > LATE_AFTER_US
        found["duplicate" if event_id in seen else "late" if late else ""] += 1
        seen.add(event_id)
    assert odd.sender.counted().verdicts == dict(found)


def test_copies_are_the_same_bytes_under_the_same_key_and_come_later(odd: Sent) -> None:
    records = Counter(odd.outlet.sent)
    doubled = [record for record, count in records.items() if count == 2 and record[2]]
    assert len(doubled) == pytest.approx(0.05 * EVENTS, rel=0.15)
    # Only empty values can be equal without being copies.
    assert {count for (_, _, value), count in records.items() if value} == {1, 2}
    first = {record: place for place, record in reversed(list(enumerate(odd.outlet.sent)))}
    apart = [place - first[record] for place, record in enumerate(odd.outlet.sent)]
    assert max(apart) > 2_000


def test_without_shares_nothing_is_odd() -> None:
    sent = send(replace(SHOP, events_per_second=2_000.0), events=5_000, now=NOW)
    assert sent.sender.counted().verdicts == {"": 5_000}
    times = [event.event_time for event in sent.clicks()]
    assert times == sorted(times)


def test_out_of_order_events_leave_after_later_ones() -> None:
    sent = send(with_shares(out_of_order=0.1), events=10_000)
    times = [click.event_time for click in sent.clicks()]
    behind = sum(time < latest for time, latest in zip(times, _running_max(times), strict=True))
    assert 0.05 < behind / len(times) < 0.15
    assert max(latest - time for time, latest in zip(times, _running_max(times), strict=True)) < (
        61 * 1_000_000
    )


def _running_max(times: list[int]) -> list[int]:
    latest, found = 0, []
    for time in times:
        latest = max(latest, time)
        found.append(latest)
    return found


TIME = 1_000 * MINUTE


@pytest.mark.parametrize(
    ("case", "announced", "appended", "expected"),
    [
        ("at once", 0, [TIME], [""]),
        ("15 minutes after", 0, [TIME + 15 * MINUTE], [""]),
        ("a microsecond more", 0, [TIME + 15 * MINUTE + 1], ["late"]),
        ("5 minutes before its time", 0, [TIME - 5 * MINUTE], [""]),
        ("a microsecond more before", 0, [TIME - 5 * MINUTE - 1], ["quarantine:future_dated"]),
        ("a copy", 0, [TIME, TIME], ["", "duplicate"]),
        ("a late copy of one in time", 0, [TIME, TIME + 16 * MINUTE], ["", "duplicate"]),
        ("copies, both late", 0, [TIME + 16 * MINUTE] * 2, ["late", "duplicate"]),
        (
            "a future one whose copy comes in time",
            0,
            [TIME - 6 * MINUTE, TIME],
            ["quarantine:future_dated", ""],
        ),
        (
            "a malformed one twice, however late",
            quarantined("no_lines"),
            [TIME, TIME + 20 * MINUTE],
            ["quarantine:no_lines"] * 2,
        ),
    ],
)
def test_verdicts(case: str, announced: int, appended: list[int], expected: list[str]) -> None:
    verdicts = _verdicts(announced, len(appended))
    answers = [_answer(n, time) for n, time in enumerate(appended)]
    together = Deliveries(range(len(appended)), append_times=appended)
    assert verdicts.acknowledged(together) == expected
    again = _verdicts(announced, len(appended))
    assert [told for one in answers for told in again.acknowledged(one)] == expected


def test_a_copy_whose_twin_failed_is_the_one_in_silver() -> None:
    verdicts = _verdicts(0, 2)
    verdicts.failed(0)
    assert verdicts.acknowledged(_answer(1, TIME)) == [""]


def _answer(sequence: int, append_time: int) -> Deliveries:
    return Deliveries([sequence], append_times=[append_time])


def _verdicts(announced: int, copies: int) -> Verdicts:
    verdicts = Verdicts(1)
    verdicts.attempted(
        np.arange(copies),
        time=np.full(copies, TIME),
        announced=np.full(copies, announced, np.int8),
        topic=0,
        twin=np.full(copies, 9 if copies > 1 else 0),
    )
    return verdicts


def test_a_broken_value_never_reads_as_another_event() -> None:
    for topic, defects in zip(SOURCES, DEFECTS, strict=True):
        value = valid_of(topic)
        good = decode_record(topic, value, REGISTRY)
        for defect in defects:
            assert decode_record(topic, broken(topic, value, defect, REGISTRY), REGISTRY) != good
