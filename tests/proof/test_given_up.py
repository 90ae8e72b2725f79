"""`verify` does not wait for applications that nothing starts again."""

from __future__ import annotations

import pytest

from local.supervisor.policy import State
from local.supervisor.published import PartStatus, Snapshot
from ops.commands.verify.command import given_up


def stack(**states: State) -> Snapshot:
    parts = (
        PartStatus(name, name.title(), "service", state, 0.0, None, None, 5, "exit 1", "", "", None)
        for name, state in states.items()
    )
    return Snapshot("stack-1", 1, 1, tuple(parts))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(None, {}, id="no stack"),
        pytest.param(stack(kafka=State.READY), {}, id="a stack without applications"),
        pytest.param(stack(spark=State.READY), {}, id="they run"),
        pytest.param(stack(spark=State.WAITING), {}, id="they are started again"),
        pytest.param(stack(spark=State.READY, valkey=State.FAILED), {}, id="another part"),
        pytest.param(
            stack(spark=State.FAILED), {"Spark": ("failed", "exit 1")}, id="they died too often"
        ),
        pytest.param(stack(spark=State.ENDED), {}, id="they were superseded"),
    ],
)
def test_only_applications_that_stay_down_are_told(
    found: Snapshot | None, told: dict[str, tuple[str, str]]
) -> None:
    assert given_up(found) == told
