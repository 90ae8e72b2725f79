"""How the independent engine derives each answer: one file per question, found by its name.

A file is SQL, or a module with `script(rules)` that renders SQL where a rule pack decides. Its
first line is the question. Its `derived` section selects the rows of the answer, in the columns of
the answer's table, from one of three views: `orders`, `clicks` (single events, each once) and
`records` (what became of each Kafka record). The views show silver, or a raw data file.

What a proof compares follows from the answer's table, see `proof.comparing`. These sections change
it: `agrees: COLUMN` holds the condition under which `derived` and `answered` agree in a column,
`compared` a condition on the rows of Postgres, `not in a file: COLUMNS` names what a raw file
cannot say, `level: L6` the level of the report, and `check: NAME` holds one more check.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from proof.checks import Script, parse


def find_proofs(rules: Sequence[Mapping[str, Any]]) -> dict[str, Script]:
    """The file of each question by the question's name; `rules` are those of the rule pack."""
    found = {}
    for file in sorted(resources.files(__package__).iterdir(), key=lambda file: file.name):
        question, _, kind = file.name.rpartition(".")
        if kind == "sql":
            found[question] = parse(file.read_text(encoding="utf-8"))
        elif kind == "py" and question != "__init__":
            module = importlib.import_module(f"{__package__}.{question}")
            found[question] = parse(module.script(rules))
    return found
