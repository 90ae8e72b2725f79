"""Sketches: unions that lose nobody, estimates that do not depend on the order of arrival."""

from __future__ import annotations

import random

import datasketches
import pytest

from emr_jobs.kernel.sketches import LG_K, sketch_estimate, union_sketches


def sketch_of(members: list[str]) -> bytes:
    sketch = datasketches.hll_sketch(LG_K, datasketches.tgt_hll_type.HLL_8)
    for member in members:
        sketch.update(member)
    made: bytes = sketch.serialize_updatable()
    return made


def people(first: int, end: int) -> list[str]:
    return [f"customer-{number}" for number in range(first, end)]


@pytest.mark.parametrize(
    ("sketch", "members"),
    [
        pytest.param(None, 0, id="no sketch"),
        pytest.param(sketch_of([]), 0, id="nobody"),
        pytest.param(sketch_of(["a"]), 1, id="one"),
        pytest.param(sketch_of(["a", "a"]), 1, id="one twice"),
        pytest.param(sketch_of(people(0, 100)), 100, id="a hundred"),
    ],
)
def test_small_sets_are_counted_exactly(sketch: bytes | None, members: int) -> None:
    assert sketch_estimate(sketch) == members


@pytest.mark.parametrize(
    ("stored", "new", "members"),
    [
        pytest.param(None, None, 0, id="nothing and nothing"),
        pytest.param(None, people(0, 3), 3, id="nothing and three"),
        pytest.param(people(0, 3), None, 3, id="three and nothing"),
        pytest.param(people(0, 3), people(2, 5), 5, id="one in both"),
    ],
)
def test_union(stored: list[str] | None, new: list[str] | None, members: int) -> None:
    made = [None if each is None else sketch_of(each) for each in (stored, new)]
    assert sketch_estimate(union_sketches(*made)) == members


def test_a_union_of_nothing_is_nothing() -> None:
    assert union_sketches(None, None) is None


@pytest.mark.parametrize("members", [300, 1_000, 20_000], ids=lambda n: f"{n} members")
def test_the_estimate_does_not_depend_on_arrival(members: int) -> None:
    everyone = people(0, members)
    estimates = set()
    for seed, parts in enumerate((1, 2, 3, 7, 50)):
        random.Random(seed).shuffle(everyone)
        merged: bytes | None = None
        for part in range(parts):
            merged = union_sketches(merged, sketch_of(everyone[part::parts]))
        estimates.add(sketch_estimate(merged))
    assert len(estimates) == 1
    assert estimates.pop() == pytest.approx(members, rel=0.05)
