"""A plan is checked when it is made, and survives being stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.supervisor.plan import Part, Plan, read_plan


def part(name: str, *after: str) -> Part:
    return Part(name, ("/bin/true",), {"PATH": "/bin"}, after=after)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        pytest.param((part("a"), part("a")), "one name", id="two parts of one name"),
        pytest.param((part("a", "b"),), "'b'", id="after a part that is not there"),
        pytest.param((part("a", "b"), part("b", "a")), "'b'", id="a circle"),
        pytest.param((part("a", "a"),), "'a'", id="after itself"),
    ],
)
def test_a_plan_that_cannot_be_started_is_refused(parts: tuple[Part, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Plan("stack", parts)


def test_a_stored_plan_reads_back_equal(tmp_path: Path) -> None:
    plan = Plan("stack", (part("a"), part("b", "a")))
    (tmp_path / "plan.json").write_text(plan.to_json())
    assert read_plan(tmp_path / "plan.json") == plan


def test_dependants_are_the_direct_ones() -> None:
    plan = Plan("stack", (part("a"), part("b", "a"), part("c", "b")))
    assert plan.dependants("a") == ("b",)
