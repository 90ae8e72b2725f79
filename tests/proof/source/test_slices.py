"""Which part of which file each run explains, and which files cannot explain the stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.errors import Usage
from contracts.ledger import Run, SourceFile
from proof.source.data_file import DataFile, ReplayedSlice
from proof.source.layouts import ONLINE_RETAIL, REES46
from proof.source.slices import require_patterns, require_replayed, slices_of

FILE = DataFile(Path("a.csv"), "digest-a", ONLINE_RETAIL, {}, tuple(range(8)), 8)
OTHER = DataFile(Path("b.csv"), "digest-b", ONLINE_RETAIL, {}, tuple(range(8)), 8)
STEPS = DataFile(Path("c.csv"), "digest-c", REES46, {}, tuple(range(8)), 8)
TOPIC = "ecommerce-orders"


def run(
    name: str, digest: str | None = "digest-a", producer: str = "replay", last_row: int = 9
) -> Run:
    replayed = (
        SourceFile("online-retail", digest, "e", 5, 1, last_row, "c", "r") if digest else None
    )
    return Run(name, producer, 100, "cluster", {TOPIC: "id"}, replayed)


def sent(*runs: Run, topic: str = TOPIC) -> dict[tuple[str, str], int]:
    return {(one.run, topic): 1 for one in runs}


def test_each_run_of_the_file_gives_a_slice() -> None:
    runs = [run("r1"), run("r2", last_row=20)]
    assert slices_of([FILE], runs, sent(*runs), {}) == [
        ReplayedSlice("r1", 0, "e", 5, 1, 9, 95),
        ReplayedSlice("r2", 0, "e", 5, 1, 20, 95),
    ]


def test_each_file_keeps_its_place() -> None:
    runs = [run("r1"), run("r2", "digest-b")]
    chosen = slices_of([OTHER, FILE], runs, sent(*runs), {})
    assert [(one.run, one.file) for one in chosen] == [("r1", 1), ("r2", 0)]


@pytest.mark.parametrize(
    "furthest, last", [pytest.param(12, 12, id="killed"), pytest.param(7, 9, id="ended well")]
)
def test_a_killed_run_reaches_as_far_as_its_attempts(furthest: int, last: int) -> None:
    runs = [run("r1")]
    (one,) = slices_of([FILE], runs, sent(*runs), {"r1": furthest})
    assert one.last_row == last


def test_orders_of_another_file_cannot_be_explained() -> None:
    runs = [run("r1"), run("r2", "digest-b")]
    with pytest.raises(Usage, match=r"run r2 .* also sent orders"):
        slices_of([FILE], runs, sent(*runs), {})


def test_a_file_of_clicks_explains_runs_that_sent_clicks_only() -> None:
    clicks = run("r2", "digest-c")
    attempts = sent(run("r1")) | sent(clicks, topic="ecommerce-clicks")
    chosen = slices_of([FILE, STEPS], [run("r1"), clicks], attempts, {})
    assert [(one.run, one.file) for one in chosen] == [("r1", 0), ("r2", 1)]
    with pytest.raises(Usage, match=r"run r2 of replay also sent clicks, from another file"):
        slices_of([replace(STEPS, sha256="digest-d")], [clicks], attempts, {})


IGNORED = {
    "a run that sent clicks only": (run("r2", None), sent(run("r2"), topic="ecommerce-clicks")),
    "a run that sent nothing": (run("r2", "digest-b"), {}),
    "simulated orders": (run("r2", None, "simulate"), sent(run("r2"))),
    "the canary": (run("r2", None, "canary"), sent(run("r2"))),
}


@pytest.mark.parametrize("name", IGNORED)
def test_runs_that_no_file_explains_have_no_slice(name: str) -> None:
    other, attempts = IGNORED[name]
    chosen = slices_of([FILE], [run("r1"), other], sent(run("r1")) | attempts, {})
    assert [one.run for one in chosen] == ["r1"]


def test_a_file_that_no_run_replayed_is_refused() -> None:
    require_replayed([FILE], [run("r1"), run("r2", "digest-b")])
    with pytest.raises(Usage, match=r"no run replayed this file: b\.csv"):
        require_replayed([FILE, OTHER], [run("r1")])


@pytest.mark.parametrize("digests", [("x", "r"), ("c", "x")])
def test_other_tables_than_the_run_used_are_refused(digests: tuple[str, str]) -> None:
    categories, regions = Path("categories.csv"), Path("regions.csv")
    require_patterns([run("r1")], categories, regions, {categories: "c", regions: "r"})
    with pytest.raises(Usage, match="run r1 was replayed with another table"):
        require_patterns(
            [run("r1")], categories, regions, dict(zip((categories, regions), digests, strict=True))
        )


def test_a_run_that_used_no_tables_may_be_compared_with_any() -> None:
    used = run("r1").source
    assert used is not None
    none = replace(run("r1"), source=replace(used, categories_sha256="", regions_sha256=""))
    tables = Path("categories.csv"), Path("regions.csv")
    require_patterns([none], *tables, dict.fromkeys(tables, "x"))
