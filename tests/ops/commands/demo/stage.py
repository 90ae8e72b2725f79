"""A demo whose commands only note how they were called."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ops.commands.demo import command as demo
from ops.commands.demo.live_figures import Figures, Revenue
from tests.ops.commands.demo.figures import CAUGHT_UP


class Reader:
    """Stands for the figures of a stack; `moment` gives those of each look."""

    def __init__(self, moment: Callable[[], Figures]) -> None:
        self.now = moment

    def revenue(self) -> tuple[str, list[Revenue]]:
        return "day", [Revenue(datetime(2010, 12, 1, tzinfo=UTC), "GBP", Decimal("52610.49"))]

    def close(self) -> None:
        pass


SIMULATED = {
    "events": 3_500,
    "late": 105,
    "duplicate": 104,
    "quarantine": {"bad_date": 9, "bad_header": 8},
    "fraud_orders": 6,
}


FEEDS = ("replay", "simulate")
FED = ["check", "up", *FEEDS]


@dataclass
class Stage:
    """A demo with commands that only note how they were called."""

    folder: Path
    codes: dict[str, int] = field(default_factory=dict)
    moment: Callable[[], Figures] = lambda: CAUGHT_UP
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return self.folder / "orders.csv"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def command(self, home: object, *arguments: str) -> list[str]:
        # The producer prints its progress, its answer as JSON, and the answer in words.
        answers = {"simulate": f"12 sent\n{json.dumps(SIMULATED, indent=2)}\n12 acknowledged"}
        said = answers.get(arguments[0], json.dumps({"said_by": arguments[0]}))
        program = (
            "import pathlib, sys, time\n"
            f"home = pathlib.Path({str(self.folder / 'home' / 'demo')!r})\n"
            f"calls = pathlib.Path({str(self.folder / 'calls')!r})\n"
            "if sys.argv[1] == 'up': (home / 'logs').mkdir(parents=True, exist_ok=True)\n"
            "try:\n"
            "    with calls.open('a') as file: file.write(' '.join(sys.argv[1:]) + '\\n')\n"
            # Of two that run together, neither ends before the other has begun.
            f"    while sys.argv[1] in {FEEDS!r} and calls.read_text().count('\\n') < {len(FED)}:\n"
            "        time.sleep(0.01)\n"
            f"    print({said!r})\n"
            f"    time.sleep({self.seconds!r}.get(sys.argv[1], 0))\n"
            "except KeyboardInterrupt:\n"
            f"    pathlib.Path({str(self.folder)!r}, 'interrupted ' + sys.argv[1]).touch()\n"
            "    sys.exit(130)\n"
            f"sys.exit({self.codes!r}.get(sys.argv[1], 0))\n"
        )
        return [sys.executable, "-S", "-c", program, *arguments]

    def play(self, *, keep: bool = False, as_json: bool = False) -> int:
        return demo.demo(file=self.source, keep=keep, as_json=as_json)
