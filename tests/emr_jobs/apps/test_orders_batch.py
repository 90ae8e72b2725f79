"""Copies within a batch, and alerts on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from contracts.events import Alert, alert_id
from emr_jobs.apps.kept_events import first_of_each
from emr_jobs.questions.fraud_alerts import QUESTION


def audit(*rows: tuple[str, int, int]) -> pa.Table:
    names = ("event_id", "partition", "offset")
    types = (pa.string(), pa.int32(), pa.int64())
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


@pytest.mark.parametrize(
    ("rows", "kept", "repeated"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([("a", 0, 1), ("b", 1, 1)], [(0, 1), (1, 1)], [], id="all different"),
        pytest.param([("a", 0, 5), ("a", 0, 2)], [(0, 2)], [(0, 5)], id="the lowest offset stays"),
        pytest.param(
            [("a", 2, 0), ("a", 1, 9)], [(1, 9)], [(2, 0)], id="the lowest partition stays"
        ),
        pytest.param(
            [("a", 0, 1), ("a", 0, 2), ("a", 0, 3)], [(0, 1)], [(0, 2), (0, 3)], id="three copies"
        ),
    ],
)
def test_one_copy_of_each_event_is_kept(
    rows: list[tuple[str, int, int]],
    kept: list[tuple[int, int]],
    repeated: list[tuple[int, int]],
) -> None:
    firsts, others = first_of_each(audit(*rows))
    for found, expected in ((firsts, kept), (others, repeated)):
        origins = zip(found["partition"].to_pylist(), found["offset"].to_pylist(), strict=True)
        assert sorted(origins) == expected


MOMENT = datetime(2011, 8, 1, 12, 0, 0, 5, tzinfo=UTC)
ROW = {
    "rule": "amount",
    "rule_version": 1,
    "subject": "order:1",
    "window_start": None,
    "severity": "high",
    "event_time": MOMENT,
    "region": "eu",
    "evidence": '{"amount": "1000.01"}',
}


def test_an_alert_has_the_id_of_its_rule_and_subject_and_keeps_its_microseconds() -> None:
    assert QUESTION.announces is not None
    known_by = {"alert_id": QUESTION.derived["alert_id"](ROW)}
    alert = QUESTION.announces(ROW | known_by)
    assert isinstance(alert, Alert)
    assert alert.alert_id == alert_id("amount", 1, "order:1", None)
    assert alert.event_time == 1_312_200_000_000_005
    assert alert.evidence == {"amount": "1000.01"}
