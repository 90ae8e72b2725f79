"""Labelled first purchases: what two rules find in a small file, and files of another layout."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from contracts.errors import Usage
from ops.commands.fraud.measures import Measure
from ops.commands.fraud.purchases import PurchaseFinding, evaluate_purchases
from ops.main import run

RULES = [
    {
        "name": "young",
        "version": 1,
        "kind": "young_account",
        "severity": "low",
        "minutes": 60,
        "thresholds": {"USD": "30.00"},
    },
    {
        "name": "shared",
        "version": 1,
        "kind": "customers_within",
        "severity": "low",
        "count": 2,
        "minutes": 60,
        "suppress_minutes": 60,
    },
    {
        "name": "amount",
        "version": 1,
        "kind": "amount_above",
        "severity": "high",
        "thresholds": {"USD": "0.00"},
    },
]
HEADER = (
    "user_id,signup_time,purchase_time,purchase_value,device_id,source,browser,sex,age,ip_address,"
    "class"
)
REST = "SEO,Chrome,M,39,732758368.8"
ROWS = (
    f"1,2/24/2015 22:55,4/18/2015 2:47,34,D1,{REST},0",
    # Young and above 30.
    f"2,1/1/2015 18:52,1/1/2015 18:52,31,D2,{REST},1",
    # Young and not above 30.
    f"3,1/1/2015 18:52,1/1/2015 19:52,30,D3,{REST},1",
    f"4,1/1/2015 18:52,1/1/2015 19:53,99,D4,{REST},1",
    # Two customers of one device within an hour, and a third later.
    f"5,1/1/2015 1:00,3/1/2015 10:00,10,D5,{REST},0",
    f"6,1/1/2015 1:00,3/1/2015 11:00,10,D5,{REST},1",
    f"7,1/1/2015 1:00,3/1/2015 12:01,10,D5,{REST},0",
    # Young and honest, with times as databases write them.
    f"8,2015-02-01 10:00:00,2015-02-01 10:30:00,40,D8,{REST},0",
    f"9,when,1/1/2015 19:53,99,D4,{REST},1",
)


def written(folder: Path, *lines: str) -> Path:
    file = folder / "purchases.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return file


def found_in(folder: Path, file: Path) -> PurchaseFinding:
    return evaluate_purchases(file, RULES, folder)


def test_what_two_rules_find(tmp_path: Path) -> None:
    found = found_in(tmp_path, written(tmp_path, HEADER, *ROWS))
    assert (found.purchases, found.unread, found.fraud, found.base_rate) == (8, 1, 4, 0.5)
    assert found.fraud_within_a_minute == 1
    assert found.rules == {
        "young": Measure(called=2, fraud=4, both=1),
        "shared": Measure(called=2, fraud=4, both=1),
        "young_any_amount": Measure(called=3, fraud=4, both=2),
        "together": Measure(called=4, fraud=4, both=2),
        "together_any_amount": Measure(called=5, fraud=4, both=3),
    }


def test_a_packed_file_is_read_as_well(tmp_path: Path) -> None:
    plain = written(tmp_path, HEADER, *ROWS)
    packed = tmp_path / "purchases.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert found_in(tmp_path, packed).purchases == 8


WRONG = {
    "no such file": (None, "the purchases cannot be read"),
    "another layout": (("InvoiceNo,class", "1,0"), "the file has another layout"),
    "not one usable row": ((HEADER, ROWS[-1]), "no row of"),
    "nothing in it": (("",), "the file has another layout"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_list_of_purchases(name: str, tmp_path: Path) -> None:
    lines, said = WRONG[name]
    file = tmp_path / "absent.csv" if lines is None else written(tmp_path, *lines)
    with pytest.raises(Usage, match=said):
        found_in(tmp_path, file)


def test_the_command_answers_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, HEADER, *ROWS)
    assert run(["fraud", "report", "--purchases", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["file"], answer["base_rate"]) == ("purchases.csv", 0.5)
    assert {"together", "together_any_amount"} <= set(answer["rules"])


def test_the_command_refuses_what_it_cannot_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fraud", "report", "--purchases", str(written(tmp_path, "a,b", "1,2"))]) == 2
    assert "it has no column user_id, signup_time" in capsys.readouterr().err
    file = str(written(tmp_path, HEADER, *ROWS))
    assert run(["fraud", "report", "--purchases", file, "--seed", "1"]) == 2
    assert "takes neither --seed nor --orders" in capsys.readouterr().err
    assert run(["fraud", "report", "--orders", "999"]) == 2
    assert "between 1,000 and 5,000,000" in capsys.readouterr().err
