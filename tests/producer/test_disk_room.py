"""What a disk must have free for a producer to send, with what waits in Kafka."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.laptop.free_space import MB
from contracts.topics import CLICKS, ORDERS, PROMOTIONS
from producer.disk_room import DiskRoom, waiting_records

KEPT_MB = 400
TOTAL = 10 * KEPT_MB * MB
IDS = {ORDERS.name: "id-o", CLICKS.name: "id-c", PROMOTIONS.name: "id-p"}


def lacking(
    monkeypatch: pytest.MonkeyPatch, waiting: Mapping[str, int], *free_mb: int
) -> list[str]:
    """What a room lacks, look by look."""
    disks = [SimpleNamespace(total=TOTAL, free=free * MB) for free in free_mb]
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: disks.pop(0))
    room = DiskRoom(Path("/state"), lambda: waiting, lambda: None)
    return [room.lacking() for _ in free_mb]


@pytest.mark.parametrize(
    ("waiting", "free_mb", "is_short"),
    [
        pytest.param({}, [KEPT_MB], [False], id="exactly what stays free"),
        pytest.param({}, [KEPT_MB - 1], [True], id="a little less"),
        pytest.param({CLICKS.name: 1024}, [KEPT_MB], [True], id="what waits needs room too"),
        pytest.param({CLICKS.name: 1024}, [KEPT_MB + 1], [False], id="and has it"),
        pytest.param(
            {}, [KEPT_MB - 1, KEPT_MB + 99, KEPT_MB + 100], [True, True, False], id="to go on"
        ),
        pytest.param(
            {CLICKS.name: 1024},
            [KEPT_MB, KEPT_MB + 101, KEPT_MB + 102],
            [True, True, False],
            id="to go on with what waits",
        ),
        pytest.param({}, [399, 500, 400, 399], [True, False, False, True], id="and stop again"),
    ],
)
def test_the_limit(
    waiting: Mapping[str, int],
    free_mb: list[int],
    is_short: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [bool(said) for said in lacking(monkeypatch, waiting, *free_mb)] == is_short


@pytest.mark.parametrize(
    ("free_mb", "asked"),
    [
        pytest.param(KEPT_MB + 4_096, 2, id="much to spare"),
        pytest.param(KEPT_MB + 4_095, 11, id="less than that"),
    ],
)
def test_what_waits_is_asked_for_less_often_while_there_is_much_room(
    free_mb: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(total=TOTAL, free=free_mb * MB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: disk)
    questions = []

    def waiting() -> Mapping[str, int]:
        questions.append(disk.free)
        return {}

    room = DiskRoom(Path("/state"), waiting, lambda: None)
    assert [room.lacking() for _ in range(11)] == [""] * 11
    assert len(questions) == asked


def test_the_message_has_the_folder_and_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = lacking(monkeypatch, {CLICKS.name: 3 * 1024}, 402)
    assert said.startswith(
        "the disk of /state has 402 MB free, of which 400 MB stay free and 3 MB are for what waits "
        "in Kafka: nothing is sent"
    )


@pytest.mark.parametrize(
    ("applied", "waiting"),
    [
        pytest.param({}, 10, id="nothing is applied yet"),
        pytest.param({("ingest", "id-c", 0): 10}, 10, id="by one of two readers"),
        pytest.param({("ingest", "id-c", 0): 7, ("clicks", "id-c", 0): 9}, 3, id="the slowest"),
        pytest.param({("ingest", "id-c", 0): 10, ("clicks", "id-c", 0): 10}, 0, id="all"),
        pytest.param({("ingest", "id-c", 0): 12, ("clicks", "id-c", 0): 12}, 0, id="an old end"),
        pytest.param(
            {("ingest", "old", 0): 10, ("clicks", "old", 0): 10}, 10, id="another topic of the name"
        ),
    ],
)
def test_what_waits_in_a_partition(applied: dict[tuple[str, str, int], int], waiting: int) -> None:
    assert waiting_records({(CLICKS.name, 0): 10}, IDS, applied) == {CLICKS.name: waiting}


def test_partitions_are_added_up_by_topic() -> None:
    ends = {(ORDERS.name, 0): 5, (ORDERS.name, 1): 6, (PROMOTIONS.name, 0): 7}
    assert waiting_records(ends, IDS, {}) == {ORDERS.name: 11, PROMOTIONS.name: 7}
