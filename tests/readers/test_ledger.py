"""The producers' files become relations; what a crash tore is left out, the rest is not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from contracts.errors import ShopstreamError
from contracts.ledger import ATTEMPT_COLUMNS, OUTCOME_COLUMNS, Run
from proof.relations import connect
from readers.ledger import attempted_runs, load_ledger, read_runs

ID = "0b8e4a9e-5f65-4a1c-9a35-3d1f4f4b8a01"
EVENT = "00000000-0000-5000-8000-00000000000"


def written(
    folder: Path, *, attempts: str, outcomes: str, run: str = "r1", started_at: int = 1
) -> None:
    home = folder / run
    home.mkdir(parents=True)
    text = Run(run, "replay", started_at, "c", {"ecommerce-orders": ID}).to_json()
    (home / "run.json").write_text(text)
    (home / "attempts.csv").write_text(",".join(ATTEMPT_COLUMNS) + "\n" + attempts)
    (home / "outcomes.csv").write_text(",".join(OUTCOME_COLUMNS) + "\n" + outcomes)


def loaded(folder: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    connection: duckdb.DuckDBPyConnection = connect()
    load_ledger(connection, folder, read_runs(folder))
    return (
        connection.execute("FROM ledger.attempts ORDER BY ALL").fetchall(),
        connection.execute("FROM ledger.outcomes ORDER BY ALL").fetchall(),
    )


ATTEMPT = f"0,{EVENT}0,ecommerce-orders,1\n"
SECOND = f"12,{EVENT}1,ecommerce-orders,2\n"
OUTCOME = "0,acknowledged,2,7,1700000000000000,\n"
FAILED = '12,failed,,,,"timed out, broker ""1"""\n'


def test_attempts_and_outcomes_of_every_run(tmp_path: Path) -> None:
    written(tmp_path, attempts=ATTEMPT + SECOND, outcomes=OUTCOME + FAILED)
    written(tmp_path, run="r0", started_at=0, attempts=ATTEMPT, outcomes="")
    attempts, outcomes = loaded(tmp_path)
    assert attempts == [
        ("r0", 0, EVENT + "0", "ecommerce-orders", 1),
        ("r1", 0, EVENT + "0", "ecommerce-orders", 1),
        ("r1", 12, EVENT + "1", "ecommerce-orders", 2),
    ]
    assert outcomes == [
        ("r1", 0, "acknowledged", 2, 7, 1_700_000_000_000_000),
        ("r1", 12, "failed", None, None, None),
    ]
    assert [run.run for run in read_runs(tmp_path)] == ["r0", "r1"]


def test_a_run_that_attempted_nothing_is_none_of_those_that_sent(tmp_path: Path) -> None:
    written(tmp_path, attempts=ATTEMPT, outcomes="")
    written(tmp_path, run="r0", attempts="", outcomes="")
    written(tmp_path, run="r2", attempts="", outcomes="")
    (tmp_path / "r2" / "attempts.csv").unlink()
    assert [run.run for run in attempted_runs(tmp_path, read_runs(tmp_path))] == ["r1"]


@pytest.mark.parametrize("length", range(1, len(SECOND) - 3))
def test_a_torn_attempt_is_left_out_and_takes_no_other_with_it(length: int, tmp_path: Path) -> None:
    written(tmp_path, attempts=ATTEMPT + SECOND[:length], outcomes=OUTCOME)
    assert len(loaded(tmp_path)[0]) == 1


@pytest.mark.parametrize("line", [OUTCOME, FAILED])
@pytest.mark.parametrize("length", range(1, 12))
def test_a_torn_outcome_is_left_out_unless_it_says_all(
    line: str, length: int, tmp_path: Path
) -> None:
    written(tmp_path, attempts=ATTEMPT, outcomes=OUTCOME + line[:length])
    outcomes = loaded(tmp_path)[1]
    assert outcomes[0] == ("r1", 0, "acknowledged", 2, 7, 1_700_000_000_000_000)
    assert [outcome[2] for outcome in outcomes[1:]] == ["failed"] * (line is FAILED and length >= 9)


def test_no_ledger_is_no_run(tmp_path: Path) -> None:
    assert read_runs(tmp_path / "none") == []


def test_a_damaged_run_is_an_error_that_names_it(tmp_path: Path) -> None:
    written(tmp_path, attempts="", outcomes="")
    (tmp_path / "r1" / "run.json").write_text("{")
    with pytest.raises(ShopstreamError, match=r"run\.json"):
        read_runs(tmp_path)
