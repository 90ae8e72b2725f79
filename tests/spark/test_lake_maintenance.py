"""What maintenance does to a table of the laptop's lake, and what its writer and readers see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

import pytest

from emr_jobs.publish.lake_maintenance import LakeMaintenance, Upkeep, UpkeepRules, data_files
from emr_jobs.stores.lake import LakeTable, Rows
from tests.spark.iceberg import Iceberg, iceberg
from tests.spark.session import SPARK

__all__ = ["iceberg"]

pytestmark = SPARK

LIFE = timedelta(seconds=60)
# As many files as make maintenance look at them, and so many snapshots that never go.
FILES, KEPT = 6, 3
RULES = UpkeepRules(LIFE, kept_snapshots=KEPT, files_gained=FILES)


def filled(iceberg: Iceberg, commits: int) -> LakeTable:
    """A table with a row, and a file, per commit."""
    table = iceberg.table()
    for offset in range(commits):
        add(iceberg, table, offset)
    return table


def add(iceberg: Iceberg, table: LakeTable, offset: int) -> None:
    table.commit(iceberg.rows(offset, offset + 1), table.state(), {("id", 0): offset + 1})


def rows_of(iceberg: Iceberg, table: LakeTable) -> list[int]:
    return iceberg.offsets(Rows(table.read(), few_partitions=False))


def snapshots(table: LakeTable) -> int:
    return int(table.loaded().snapshots().size())


def files_on_disk(table: LakeTable) -> int:
    folder = Path(urlparse(str(table.loaded().location())).path)
    return sum(1 for _ in (folder / "data").rglob("*.parquet"))


def soon() -> datetime:
    """A time at which no snapshot is old."""
    return datetime.now(UTC)


def late() -> datetime:
    """A time at which every snapshot may go."""
    return soon() + 2 * LIFE


def test_small_files_become_one_and_the_table_says_what_it_said(iceberg: Iceberg) -> None:
    table = filled(iceberg, FILES)
    before = table.state()
    done = LakeMaintenance(iceberg.spark, [table], [], RULES).maintain(soon())
    assert done == {table.name: Upkeep(FILES, 1, 0)}
    assert data_files(table.loaded()) == 1
    assert rows_of(iceberg, table) == list(range(FILES))
    after = table.state()
    assert (after.commit_number, after.until) == (before.commit_number, before.until)


def test_a_table_is_left_alone_until_it_has_gained_enough_files(iceberg: Iceberg) -> None:
    table = filled(iceberg, FILES - 1)
    maintenance = LakeMaintenance(iceberg.spark, [table], [], RULES)
    assert maintenance.maintain(soon()) == {}
    add(iceberg, table, FILES - 1)
    assert maintenance.maintain(soon()) == {table.name: Upkeep(FILES, 1, 0)}
    for offset in range(FILES, 2 * FILES - 1):
        add(iceberg, table, offset)
    assert maintenance.maintain(soon()) == {}


def test_files_of_a_published_table_stay_as_their_writer_cut_them(iceberg: Iceberg) -> None:
    table = filled(iceberg, FILES)
    assert LakeMaintenance(iceberg.spark, [], [table], RULES).maintain(soon()) == {}
    assert data_files(table.loaded()) == FILES


@pytest.mark.parametrize(
    ("age", "left"),
    [
        pytest.param(LIFE, FILES, id="as old as it may be"),
        pytest.param(1.3 * LIFE, KEPT, id="a fifth older"),
    ],
)
def test_old_snapshots_go_but_for_the_newest(iceberg: Iceberg, age: timedelta, left: int) -> None:
    table = filled(iceberg, FILES)
    LakeMaintenance(iceberg.spark, [], [table], RULES).maintain(soon() + age)
    assert snapshots(table) == left
    assert rows_of(iceberg, table) == list(range(FILES))


def test_what_only_old_snapshots_knew_is_deleted_from_the_disk(iceberg: Iceberg) -> None:
    table = filled(iceberg, FILES)
    maintenance = LakeMaintenance(iceberg.spark, [table], [], RULES)
    maintenance.maintain(late())
    # The newest snapshots still know the small files.
    assert files_on_disk(table) == FILES + 1
    for offset in range(FILES, FILES + KEPT):
        add(iceberg, table, offset)
    maintenance.maintain(late())
    assert files_on_disk(table) == 1 + KEPT
    assert rows_of(iceberg, table) == list(range(FILES + KEPT))


def test_the_writer_goes_on_from_a_state_read_before(iceberg: Iceberg) -> None:
    table = filled(iceberg, FILES)
    seen = table.state()
    LakeMaintenance(iceberg.spark, [table], [], RULES).maintain(soon())
    table.commit(iceberg.rows(FILES, FILES + 2), seen, {("id", 0): FILES + 2})
    assert rows_of(iceberg, table) == list(range(FILES + 2))
    assert dict(table.state().until) == {("id", 0): FILES + 2}


def test_a_table_without_a_commit_is_no_fault(iceberg: Iceberg) -> None:
    table = iceberg.table()
    assert LakeMaintenance(iceberg.spark, [table], [table], RULES).maintain(late()) == {}
