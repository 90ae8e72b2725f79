"""What a person reads when a part of a starting stack is given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem, ShopstreamError
from local.disk import disk_of
from local.home import Home
from local.launch import follow
from local.supervisor.published import PartStatus, Snapshot


def given_up(log: Path) -> Snapshot:
    part = PartStatus(
        name="postgres",
        title="Postgres",
        kind="service",
        state="failed",
        since=0.0,
        pid=None,
        process_started=None,
        restarts=5,
        reason="6 failures in a row",
        address="",
        log=str(log),
        ready_after=None,
    )
    return Snapshot("stack", 1, 1, (part,))


def test_a_disk_that_filled_up_is_named_with_its_size(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("FATAL:  could not write lock file: No space left on device\n")
    with pytest.raises(EnvironmentProblem) as caught:
        list(follow(Home(tmp_path), lambda: given_up(log)))
    assert caught.value.what.startswith(f"Postgres has no space left on the disk {disk_of(log)} (")
    assert caught.value.what.endswith(" MB)")
    assert caught.value.log == log


def test_any_other_end_is_told_in_the_part_s_own_last_line(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("starting\nFATAL:  the data directory is damaged\n\n")
    with pytest.raises(ShopstreamError) as caught:
        list(follow(Home(tmp_path), lambda: given_up(log)))
    assert caught.value.what == "Postgres is failed: 6 failures in a row"
    assert caught.value.cause == "FATAL:  the data directory is damaged"
    assert caught.value.command == "shopstream logs postgres"
