"""What a stack takes of its disk, and how long the disk lasts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from local.home import Home
from local.usage import DAY_SECONDS, NOTE_SECONDS, DiskUsage, Note, growth, note, part_bytes

NOW = 1_800_000_000.0
HOUR = 3_600.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def test_bytes_are_counted_by_part_and_the_largest_comes_first(home: Home) -> None:
    write(home.kafka(1) / "data" / "topic-0" / "0.log", 40_960)
    write(home.kafka(2) / "data" / "0.log", 40_960)
    write(home.warehouse / "silver" / "a.parquet", 20_480)
    write(home.profile, 4_096)
    found = part_bytes(home)
    assert list(found)[:2] == ["Kafka", "lake"]
    assert (found["Kafka"], found["lake"], found["other"]) == (81_920, 20_480, 4_096)


def test_a_hole_in_a_file_takes_nothing(home: Home) -> None:
    """Kafka's indexes are made with their full length."""
    home.kafka(1).mkdir()
    with (home.kafka(1) / "0.index").open("wb") as file:
        file.truncate(10 * 1024 * 1024)
    assert part_bytes(home)["Kafka"] == 0


@pytest.mark.parametrize(
    ("notes", "per_day"),
    [
        pytest.param([], None, id="none yet"),
        pytest.param([(NOTE_SECONDS - 1, 0)], None, id="too young"),
        pytest.param([(HOUR, 100), (NOTE_SECONDS, 0)], 24 * 900, id="the oldest counts"),
        pytest.param([(DAY_SECONDS + 1, 0), (DAY_SECONDS, 400)], 600, id="of the last day"),
        pytest.param([(-HOUR, 0)], None, id="of a clock that was set back"),
        pytest.param([(HOUR, 2_000)], 24 * -1_000, id="it shrinks"),
    ],
)
def test_growth_per_day(notes: list[tuple[float, int]], per_day: int | None) -> None:
    made = [Note(NOW - ago, total) for ago, total in notes]
    assert growth(made, Note(NOW, 1_000))[0] == per_day


@pytest.mark.parametrize(
    ("free", "per_day", "days"),
    [
        pytest.param(1_000, 90, 10.0, id="down to what stays free"),
        pytest.param(50, 90, 0.0, id="it is full"),
        pytest.param(1_000, 0, None, id="nothing grows"),
        pytest.param(1_000, -90, None, id="it shrinks"),
        pytest.param(1_000, None, None, id="not known yet"),
    ],
)
def test_days_left(free: int, per_day: int | None, days: float | None) -> None:
    assert DiskUsage({}, free, 100, per_day, HOUR).days_left == days


def test_notes_of_the_last_day_are_kept_and_none_of_the_future(home: Home) -> None:
    write(home.warehouse / "a", 8_192)
    for ago in (-HOUR, DAY_SECONDS + 1, DAY_SECONDS, HOUR):
        note(home, NOW - ago)
    note(home, NOW)
    kept = json.loads(home.usage.read_text())
    assert [NOW - one["at"] for one in kept] == [DAY_SECONDS, HOUR, 0]
    assert kept[-1]["total"] >= 8_192
