"""A file of a proof that compares less than it seems to is refused by its name."""

from __future__ import annotations

import duckdb
import pytest

from contracts.errors import Usage
from contracts.tables.questions.trending import ANSWER
from proof.alerts.rules import default_rules
from proof.checks import Section, check, parse
from proof.judging import derive
from proof.questions import find_proofs, require_proof

FILE = "proof/questions/trending.sql"
DERIVED = "-- What is wanted?\n\n-- derived: from clicks\nSELECT 1;\n"

REFUSED = {
    "no question in the first line": ("SELECT 1;", "the first line"),
    "a misspelt section": (DERIVED + "\n-- agreees: views\ntrue;\n", "agreees"),
    "a section with a capital": (DERIVED + "\n-- Agrees: views\ntrue;\n", "Agrees"),
    "a section without a name": (DERIVED + "\n-- check:\nSELECT 1;\n", "check:"),
    "a section of a level": (DERIVED + "\n-- note: of it\nSELECT 1;\n", "no section 'note'"),
    "nothing derived": ("-- What is wanted?\n", "exactly one section 'derived'"),
    "derived twice": (DERIVED + DERIVED.partition("\n\n")[2], "exactly one section 'derived'"),
    "a column that is not there": (DERIVED + "\n-- agrees: view\ntrue;\n", "agrees: view "),
    "a column of the key": (DERIVED + "\n-- agrees: hour\ntrue;\n", "agrees: hour "),
    "an unproved column": (DERIVED + "\n-- agrees: changed_in\ntrue;\n", "agrees: changed_in "),
    "a column twice": (DERIVED + "\n-- agrees: views\ntrue;\n" * 2, "named twice"),
    "a file cannot say what is not there": (
        DERIVED + "\n-- not in a file: views, price\n",
        "not in a file: price ",
    ),
    "an unknown level": (DERIVED + "\n-- level: L9\n", "no level 'L9'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_proof_that_compares_less_is_refused(name: str) -> None:
    text, said = REFUSED[name]
    with pytest.raises(Usage) as error:
        require_proof(parse(text, FILE), ANSWER)
    assert error.value.what.startswith(FILE)
    assert said in error.value.what


def test_a_proof_of_no_question_is_refused() -> None:
    with pytest.raises(Usage, match="no question of this name"):
        require_proof(parse(DERIVED, FILE), None)


def test_prose_may_have_a_colon() -> None:
    text = DERIVED + "\n-- Filled by the caller: nothing.\n-- The views: all of them that are.\n"
    require_proof(parse(text, FILE), ANSWER)


BROKEN = {
    "a syntax error": "SELEC 1",
    "a wrong column": "SELECT nothing FROM clicks",
    "a wrong table": "SELECT 1 FROM nowhere",
}


@pytest.mark.parametrize("name", BROKEN)
def test_sql_that_cannot_be_run_is_told_with_its_file(name: str) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE clicks (category VARCHAR)")
    text = DERIVED.replace("SELECT 1", BROKEN[name])
    with pytest.raises(Usage, match=f"{FILE} cannot be run"):
        derive(connection, ANSWER, parse(text, FILE))
    with pytest.raises(Usage, match=f"{FILE} cannot be run"):
        check(connection, Section("check", "one", BROKEN[name], FILE))


def test_a_damaged_file_of_the_lake_is_not_the_proofs_fault() -> None:
    part = Section("check", "one", "SELECT * FROM read_parquet('/nowhere.parquet')", FILE)
    with pytest.raises(duckdb.IOException):
        check(duckdb.connect(), part)


def test_a_module_that_renders_no_proof_is_told_with_its_file() -> None:
    with pytest.raises(Usage, match=r"proof/questions/fraud_alerts\.py cannot be used: KeyError"):
        find_proofs([*default_rules(), {"name": "x", "version": 1, "kind": "whim"}])
