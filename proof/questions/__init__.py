"""How the independent engine derives each answer: one file per question, found by its name.

A file is SQL, or a module with `script(rules)` that renders SQL where a rule pack decides. Its
first line is the question. Its `derived` section selects the rows of the answer, in the columns of
the answer's table, from one of three views: `orders`, `clicks` (single events, each once) and
`records` (what became of each Kafka record). The views show silver, or a raw data file.

What a proof compares follows from the answer's table, see `proof.comparing`. These sections change
it: `agrees: COLUMN` holds the condition under which `derived` and `answered` agree in a column,
`compared` a condition on the rows of Postgres, `not in a file: COLUMNS` names what a raw file
cannot say, `level: L6` the level of the report, and `check: NAME` holds one more check. A file with
any other section, or with a column that the proof does not compare, is refused.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from typing import Any

from contracts.errors import Usage
from contracts.question_files import imported
from contracts.tables.answer import Answer
from contracts.tables.questions import ANSWERS
from proof.checks import Script, parse

# The levels of the report; a question whose file names none is in L5.
LEVEL_NAMES = ("L1", "L2", "L3", "L4", "L5", "L6", "L7")
_KINDS = ("derived", "agrees", "compared", "not in a file", "level", "check")
_FOLDER = "proof/questions"
_HELP = "docs/extend.md, and proof/questions/__init__.py, say what a proof may have"


def find_proofs(rules: Sequence[Mapping[str, Any]]) -> dict[str, Script]:
    """The file of each question by the question's name; `rules` are those of the rule pack. Usage
    with the name of a file that is not a proof."""
    answers = {answer.question: answer for answer in ANSWERS}
    found = {}
    for file in sorted(resources.files(__package__).iterdir(), key=lambda file: file.name):
        question, _, kind = file.name.rpartition(".")
        path = f"{_FOLDER}/{file.name}"
        if kind == "sql":
            script = parse(file.read_text(encoding="utf-8"), path)
        elif kind == "py" and question != "__init__":
            with imported(path):
                script = parse(
                    importlib.import_module(f"{__package__}.{question}").script(rules), path
                )
        else:
            continue
        require_proof(script, answers.get(question))
        found[question] = script
    return found


def require_proof(script: Script, answer: Answer | None) -> None:
    """Refuse a file that compares less than it seems to."""
    if answer is None:
        raise _refused(script, "there is no question of this name")
    for section in script.sections:
        if section.kind not in _KINDS:
            raise _refused(script, f"a proof has no section {section.kind!r}")
        if section.kind == "level" and section.name not in LEVEL_NAMES:
            raise _refused(script, f"there is no level {section.name!r}")
    if len(script.sections_of("derived")) != 1:
        raise _refused(script, "a proof has exactly one section 'derived'")
    if len(script.sections_of("level")) > 1:
        raise _refused(script, "a proof has at most one section 'level'")
    _require_columns(script, answer)


def _require_columns(script: Script, answer: Answer) -> None:
    special = [part.name for part in script.sections_of("agrees")]
    absent = [
        n.strip() for part in script.sections_of("not in a file") for n in part.name.split(",")
    ]
    compared = {column.name for column in answer.proved} - set(answer.table.key)
    for kind, names in (("agrees", special), ("not in a file", absent)):
        if unknown := _outside(names, compared):
            raise _refused(
                script,
                f"{kind}: {', '.join(unknown)} is no column that is compared; "
                f"they are {', '.join(sorted(compared))}",
            )
        if len(set(names)) < len(names):
            raise _refused(script, f"{kind}: a column is named twice")


def _outside(names: Sequence[str], known: Collection[str]) -> list[str]:
    return [name for name in names if name not in known]


def _refused(script: Script, what: str) -> Usage:
    return Usage(f"{script.file}: {what}", cause="the proof would compare less", command=_HELP)
