"""What the supervisor shall run, as plain values that are stored as JSON."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

# A service runs until it is stopped. A task runs to its end, once per start, before the parts that
# need it.
Kind = Literal["service", "task"]


@dataclass(frozen=True)
class Part:
    """One program: how to start it and after which parts, when it is ready, how to stop it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    kind: Kind = "service"
    after: tuple[str, ...] = ()
    # The arguments of the probe that "probe" names. Without a probe a part is ready when it runs.
    ready: Mapping[str, Any] = field(default_factory=dict)
    ready_seconds: float = 60.0
    stop_signal: int = int(signal.SIGTERM)
    stop_seconds: float = 10.0
    address: str = ""
    # What people read; the name where this is empty.
    title: str = ""


@dataclass(frozen=True)
class Plan:
    """The parts of one stack. Names are unique, and each part stands behind those it needs."""

    stack_id: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError(f"two parts have one name: {names}")
        seen: set[str] = set()
        for part in self.parts:
            unknown = set(part.after) - seen
            if unknown:
                raise ValueError(f"{part.name} comes after {sorted(unknown)}, not listed before it")
            seen.add(part.name)

    def dependants(self, name: str) -> tuple[str, ...]:
        """The parts that need `name` directly."""
        return tuple(part.name for part in self.parts if name in part.after)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)


def read_plan(path: Path) -> Plan:
    """The plan that is stored at `path`; raises when the file holds something else."""
    stored = json.loads(path.read_text())
    parts = tuple(
        Part(**{**part, "argv": tuple(part["argv"]), "after": tuple(part["after"])})
        for part in stored["parts"]
    )
    return Plan(stored["stack_id"], parts)
