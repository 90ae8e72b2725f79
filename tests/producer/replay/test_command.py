"""``python -m producer replay online-retail``: exit codes, ids, slices, ledger, side file."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.ledger import ATTEMPTS_FILE, OUTCOMES_FILE
from contracts.subjects import subject_token
from producer.command import main
from producer.outlets.file import read_back
from producer.replay.files.rejected_rows import REJECTED_COLUMNS
from producer.replay.online_retail.rows import COLUMNS
from tests.producer.replay.test_ids import ids_of
from tests.producer.replay.tried import ROWS, Try
from tests.producer.retail import ORDERS, SLICE, row, sent_orders, write_file


def test_the_orders_of_a_file(tried: Try, file: Path) -> None:
    code, answer = tried.replay(file)
    assert code == 0
    placed, cancelled, adjustment = sent_orders(tried.out)
    secret = (tried.out / "vault" / "secret").read_bytes()
    assert placed.order_id == "1"
    assert placed.customer_id == subject_token(secret, "customer", "17850")
    assert (placed.kind, placed.total, placed.currency) == ("placed", 1530, "GBP")
    assert (placed.location, placed.region) == ("United Kingdom", "united-kingdom")
    assert placed.lines[0].category == "lights-and-candles"
    assert (cancelled.kind, cancelled.total, cancelled.customer_id) == ("cancelled", -255, None)
    assert cancelled.region == "western-europe"
    assert (adjustment.kind, adjustment.total) == ("adjustment", 0)
    assert [order.source.sequence for order in sent_orders(tried.out)] == [0, 1, 2]
    assert {order.source.run for order in sent_orders(tried.out)} == {answer["run_id"]}
    assert {order.payment_method for order in sent_orders(tried.out)} == {"unknown"}


def test_the_key_is_the_customer_or_else_the_order(tried: Try, file: Path) -> None:
    tried.replay(file)
    keys = [key.decode() for key, _ in read_back(tried.out, ORDERS)]
    orders = sent_orders(tried.out)
    assert keys == [orders[0].customer_id, "C2", orders[2].customer_id]


def test_rebased_times_end_now_and_keep_their_distances(tried: Try, file: Path) -> None:
    _, answer = tried.replay(file, "--rebase-time")
    run = tried.run(answer["run_id"])
    orders = sent_orders(tried.out)
    assert orders[2].event_time == run.started_at
    assert orders[2].event_time - orders[0].event_time == (23 * 60 + 34) * 60 * 1_000_000
    assert answer["edition"].endswith(f":rebased:{answer['shift_us']}")
    assert [order.event_id for order in orders] == ids_of(answer["edition"])


def test_slices_compose_to_the_whole_file(tried: Try, tmp_path: Path) -> None:
    _, first = tried.replay(SLICE, "--limit", "5000")
    _, rest = tried.replay(SLICE, "--start", "5001")
    sliced = [(o.event_id, o.lines, o.total) for o in sent_orders(tried.out)]
    whole = tmp_path / "whole"
    tried.replay(SLICE, "--out", str(whole), "--vault", str(tried.out / "vault"))
    assert sliced == [(o.event_id, o.lines, o.total) for o in sent_orders(whole)]
    assert (first["last_row"], rest["first_row"], rest["last_row"]) == (5000, 5001, 24_115)


def test_the_ledger_tells_attempts_and_outcomes(tried: Try, file: Path) -> None:
    _, answer = tried.replay(file)
    run_id = answer["run_id"]
    attempts = tried.table(run_id, ATTEMPTS_FILE)
    assert [(a["sequence"], a["topic"], a["position"]) for a in attempts] == [
        ("0", "ecommerce-orders", "1"),
        ("1", "ecommerce-orders", "3"),
        ("2", "ecommerce-orders", "4"),
    ]
    assert [a["event_id"] for a in attempts] == [o.event_id for o in sent_orders(tried.out)]
    outcomes = tried.table(run_id, OUTCOMES_FILE)
    assert [(o["sequence"], o["outcome"], o["offset"]) for o in outcomes] == [
        (str(n), "acknowledged", str(n)) for n in range(3)
    ]
    assert all(int(o["append_time"]) > 1_700_000_000_000_000 for o in outcomes)
    run = tried.run(run_id)
    assert (run.producer, run.finished, run.rejected) == ("replay", True, {"zero_quantity": 1})
    assert run.source is not None
    assert (run.source.first_row, run.source.last_row, run.source.shift_us) == (1, 4, 0)
    assert run.source.edition == answer["edition"] == "online-retail"


def test_rejected_rows_are_in_a_file_beside(tried: Try, file: Path) -> None:
    _, answer = tried.replay(file)
    with Path(answer["rejected_file"]).open(newline="") as lines:
        header, only = list(csv.reader(lines))
    assert tuple(header) == (*REJECTED_COLUMNS, *COLUMNS)
    assert only == ["2", "zero_quantity", "Quantity", "0", "Quantity '0' is 0", *ROWS[1]]
    assert answer["rejected"] == {"zero_quantity": 1}


def test_a_row_dated_after_the_replay_is_rejected(tried: Try, tmp_path: Path) -> None:
    file = write_file(tmp_path / "f.csv", [row("1"), row("2", date="2999-01-01 00:00:00")])
    _, answer = tried.replay(file)
    assert answer["rejected"] == {"out_of_range": 1}
    assert [order.order_id for order in sent_orders(tried.out)] == ["1"]


def test_the_shipped_slice_is_whole_and_varied(tried: Try) -> None:
    _, answer = tried.replay(SLICE)
    orders = sent_orders(tried.out)
    assert answer["rows_read"] >= 20_000
    assert SLICE.stat().st_size < 1_000_000
    kinds = [order.kind for order in orders]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "adjustment": 35,
        "cancelled": 184,
        "placed": 967,
    }
    assert answer["rejected"] == {"bad_debt_invoice": 3}
    categories = [line.category for order in orders for line in order.lines]
    assert categories.count("other") < 0.05 * len(categories)
    assert len({order.region for order in orders}) >= 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["none.csv"], "none.csv cannot be read", id="no file"),
        pytest.param(["README.md"], "README.md: header row, column 1 should be", id="prose"),
        pytest.param(["retail.csv", "--start", "5"], "has 4 data rows", id="start beyond the end"),
        pytest.param(
            ["retail.csv", "--rebase-time", "--start", "2", "--limit", "1"],
            "no row of the slice makes an event",
            id="nothing to rebase by",
        ),
        pytest.param(["retail.csv", "--regions", "none"], "none cannot be read", id="no table"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_one_line_and_nothing_is_sent(
    tried: Try,
    file: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(file.parent)
    Path("README.md").write_text("# Shop\n\nA text, with commas.\n")
    code, answer = tried.replay(Path(arguments[0]), *arguments[1:])
    assert code == answer["exit_code"] == 2
    assert message in answer["error"]
    assert not tried.out.exists()
    assert not tried.ledger.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0"],
        ["--speed", "fast"],
        ["--start", "0"],
        ["--limit", "-1"],
        ["--outlet", "kafka"],
        ["--outlet", "file"],
        ["--kafka-auth", "msk-iam", "--bootstrap-servers", "b:1", "--vault", "v"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_refused(
    file: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "online-retail", str(file), *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("error: ")
    assert arguments[0] in told[0]
    assert told[1] == "next: the same command with --help says what it takes"


def test_wrong_arguments_are_told_in_json_too(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "online-retail", str(file), "--speed", "fast", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert "--speed" in answer["error"]
    assert answer["exit_code"] == 2


def test_a_check_sends_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "online-retail", str(file), "--check"]) == 0
    assert "4 data rows, can be replayed" in capsys.readouterr().err


def test_ctrl_c_ends_gracefully_and_the_rest_can_follow(tried: Try, tmp_path: Path) -> None:
    # At this speed the third order is due in more than a minute.
    file = write_file(tmp_path / "slow.csv", ROWS)
    where = ["--outlet", "file", "--out", str(tried.out), "--ledger", str(tried.ledger)]
    command = [sys.executable, "-m", "producer", "replay", "online-retail", str(file), *where]
    process = subprocess.Popen(
        [*command, "--speed", "600", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tried.ledger.glob(f"*/{OUTCOMES_FILE}")):
        time.sleep(0.05)
    while time.monotonic() < deadline and not any(tried.out.glob("*.ndjson")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    answer = json.loads(out)
    assert answer["acknowledged"] == answer["attempted"] == len(sent_orders(tried.out))
    source = tried.source(answer["run_id"])
    assert not tried.run(answer["run_id"]).finished
    assert source.last_row == answer["last_row"] == (1, 3)[answer["attempted"] - 1]
    assert f"--start {answer['last_row'] + 1} --limit {answer['rest_rows']}" in err
    tried.replay(file, "--start", str(answer["last_row"] + 1), "--limit", str(answer["rest_rows"]))
    assert [order.order_id for order in sent_orders(tried.out)] == ["1", "C2", "3"]
