"""What is told of a file before anything is sent, and which files are refused with two readings."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.command import main
from tests.producer.replay.tried import Try
from tests.producer.retail import COLUMNS, row, sent_orders, write_file

Check = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks a file with these rows."""

    def checked(rows: list[list[str]], *options: str) -> tuple[int, dict[str, Any]]:
        file = write_file(tmp_path / "retail.csv", rows)
        code = main(["replay", "online-retail", str(file), "--check", "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return checked


def test_a_check_tells_what_is_found_and_shows_three_rows(check: Check) -> None:
    dates = [f"{day}/12/2010 08:26" for day in (1, 2, 12, 13)]
    orders = [row(str(n), date=date) for n, date in enumerate(dates)]
    code, answer = check([*orders, row(quantity="0", date=dates[0])])
    assert code == answer["exit_code"] == 0
    assert answer["found"] == {
        "container": "text",
        "encoding": "utf-8",
        "separator": ",",
        "decimal sign": ".",
        "dates": "day-first (row 4: 13/12/2010 08:26)",
        "time zone": "UTC (--timezone NAME says another)",
    }
    assert (answer["records"], answer["header"], answer["blank"], answer["rows"]) == (6, 1, 0, 5)
    assert (answer["usable"], answer["rejected"]) == (4, {"zero_quantity": 1})
    assert len(answer["samples"]) == 3


def test_lost_digits_of_people_are_told(check: Check) -> None:
    _, answer = check([row(customer="1.515915625441994e+18")] * 2)
    assert answer["warnings"] == [
        "CustomerID: 2 rows hold a number as 1.515915625441994e+18 (row 1): its last digits are "
        "lost, so what was different is one"
    ]


TWO_READINGS: dict[str, tuple[list[list[str]], str, str]] = {
    "both orders of dates fit": (
        [row(date="01/12/2010 08:26")],
        "01/12/2010 08:26 in row 1 is 1 December 2010 or 12 January 2010",
        "--dates=day-first",
    ),
    "the orders of dates contradict one another": (
        [row(date="13/12/2010 08:26"), row("2", date="12/13/2010 08:26")],
        "row 1 has 13/12/2010 08:26, row 2 has 12/13/2010 08:26",
        "--dates=month-first",
    ),
    "both decimal signs fit": (
        [row(price="1,200")],
        "1,200 in row 1 is 1200 or 1.200",
        "--decimal=,",
    ),
    "groups or three decimals": (
        [row(price="1.500", quantity="1.000"), row("2", price="250")],
        "1.000 in row 1 is 1.000 or 1000",
        "--decimal=,",
    ),
    "a comma that no group can be before": (
        [row(price="2.55"), row("2", price="0,550")],
        "'0,550' in row 2",
        "--decimal=.",
    ),
    "a spreadsheet turned some dates around": (
        [row(date="2010-03-12 08:26"), row("2", date="13/12/2010 08:26")],
        "some dates are as 13/12/2010 08:26 (row 2)",
        "--dates=day-first",
    ),
    "the decimal signs contradict one another": (
        [row(price="2,5"), row("2", price="2.5")],
        "'2,5' in row 1 and '2.5' in row 2",
        "--decimal=.",
    ),
}


@pytest.mark.parametrize("name", TWO_READINGS)
def test_a_file_with_two_readings_is_refused_with_both(name: str, check: Check) -> None:
    rows, message, option = TWO_READINGS[name]
    code, answer = check(rows)
    assert code == 2
    assert message in answer["error"]
    assert option.partition("=")[0] in answer["next"]
    assert check(rows, option)[0] == 0


@pytest.mark.parametrize(
    ("bad", "good", "options", "code"),
    [
        pytest.param(1, 0, [], 2, id="no row can be used"),
        pytest.param(50, 49, [], 0, id="few rows of which half cannot"),
        pytest.param(5, 95, [], 0, id="a twentieth of a hundred"),
        pytest.param(6, 94, [], 2, id="more than a twentieth"),
        pytest.param(6, 94, ["--allow-rejected", "6%"], 0, id="as many as are allowed"),
        pytest.param(7, 93, ["--allow-rejected", "6%"], 2, id="more than are allowed"),
        pytest.param(1, 0, ["--allow-rejected", "100%"], 0, id="all are allowed"),
    ],
)
def test_a_file_of_which_little_can_be_used_is_refused(
    bad: int, good: int, options: list[str], code: int, check: Check
) -> None:
    rows = [row(str(n)) for n in range(good)] + [row(price="dear")] * bad
    found, answer = check(rows, *options)
    assert found == code
    if code:
        assert (
            f"{bad} of {bad + good} rows cannot be used: bad_price {bad} (row {good + 1}"
            in (answer["error"])
        )


def test_a_replay_refuses_what_a_check_refuses(tried: Try, tmp_path: Path) -> None:
    file = write_file(tmp_path / "retail.csv", [row(price="dear")])
    assert tried.replay(file)[0] == 2
    assert not tried.out.exists()


def test_a_zip_of_several_files_is_refused_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("one.csv", "")
        file.writestr("two.csv", "")
    path = tmp_path / "shop.csv"
    path.write_bytes(packed.getvalue())
    assert main(["replay", "online-retail", str(path), "--check", "--json"]) == 2
    assert (
        "holds 2 files, not one: one.csv, two.csv" in json.loads(capsys.readouterr().out)["error"]
    )


def test_a_quote_that_is_not_closed_ends_a_file_of_several_lines_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(write_file(path, [row(), row("2")]).read_text().replace("WHITE", '"WHITE', 1))
    assert main(["replay", "online-retail", str(path), "--check", "--json", "--multiline"]) == 2
    assert "row 1, which begins in line 2" in json.loads(capsys.readouterr().out)["error"]


def test_a_line_break_in_quotes_is_hinted_at(check: Check) -> None:
    rows = [row(), row("2", description="WHITE\nLANTERN"), row("3")]
    _, answer = check(rows)
    assert answer["rejected"] == {"wrong_field_count": 2}
    assert "row 2 leaves a quote open (--multiline" in answer["hints"][-1]
    assert check(rows, "--multiline")[1]["rejected"] == {}


def test_the_zone_of_local_times_is_kept_for_their_data_set(tried: Try, tmp_path: Path) -> None:
    file = write_file(tmp_path / "retail.csv", [row(date="2010-07-01 12:00")])
    tried.replay(file, "--timezone", "Europe/London")
    tried.replay(file)
    first, second = sent_orders(tried.out)
    assert first.event_time == second.event_time == 1_277_982_000_000_000
    code, answer = tried.replay(file, "--timezone", "Europe/Paris")
    assert code == 2
    assert "were read in Europe/London before, not in Europe/Paris" in answer["error"]
    assert tried.replay(file, "--timezone", "Europe/Paris", "--dataset", "other")[0] == 0


def test_local_times_are_of_utc_until_something_else_is_said(tried: Try, file: Path) -> None:
    _, answer = tried.replay(file)
    assert tried.source(answer["run_id"]).reading == {"timezone": "UTC"}
    assert tried.replay(file, "--timezone", "Europe/Paris")[0] == 2


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        pytest.param(["2010-12-13", "13/12/2010"], 0, id="a day beyond 12"),
        pytest.param(["2010-12-01", "2010-12-02"], 0, id="one form"),
        pytest.param(["2010-12-01", "14/12/2010"], 2, id="none shows it"),
    ],
)
def test_dates_in_two_forms(dates: list[str], code: int, check: Check) -> None:
    rows = [row(str(n), date=f"{date} 08:26") for n, date in enumerate(dates)]
    assert check(rows)[0] == code


@pytest.mark.parametrize(
    ("name", "code"), [("Unit Price (£)", 0), ("Unit Price (€)", 2), ("Unit Price ($)", 2)]
)
def test_a_header_of_another_currency_is_refused(
    name: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_file(tmp_path / "retail.csv", [row()])
    file.write_text(file.read_text().replace("UnitPrice", name))
    assert main(["replay", "online-retail", str(file), "--check", "--json"]) == code
    assert ("is not in GBP" in capsys.readouterr().out) == bool(code)


def test_the_rejected_rows_never_go_into_the_data_file(tried: Try, tmp_path: Path) -> None:
    file = write_file(tmp_path / "retail.csv", [row(), row("2", quantity="0")])
    before = file.read_bytes()
    code, answer = tried.replay(file, "--rejected", str(file))
    assert (code, file.read_bytes()) == (2, before)
    assert "is the data file" in answer["error"]


def test_a_doubled_hour_is_told_in_few_lines(check: Check) -> None:
    """In seconds it has 3,600 times."""
    times = [f"2010-10-31 01:{second // 60:02}:{second % 60:02}" for second in range(600)]
    rows = [row(str(n), date=time) for n, time in enumerate([*times, *times[:1] * 30])]
    code, answer = check(rows, "--timezone", "Europe/London")
    assert code == 0
    told = answer["clock_changes"]
    assert len(told) == 11
    assert "(row 1, 601, 602, 603, 604, 605, 606, 607, 608, 609 and 21 more)" in told[0]
    assert told[-1] == "so are 590 more times, in 590 rows"


def damaged_parquet(folder: Path) -> Path:
    """The metadata is whole, and a page is not."""
    path = folder / "shop.parquet"
    header, *rows = [COLUMNS, *(row(str(n), description=f"LANTERN {n}") for n in range(2_000))]
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    pq.write_table(pa.table({name: list(texts) for name, texts in columns.items()}), path)
    content = bytearray(path.read_bytes())
    content[2_000:3_000] = bytes(1_000)
    path.write_bytes(content)
    return path


def zip_of_another_method(folder: Path) -> Path:
    """Deflate64, which Windows uses beyond 2 GB, as its two headers say."""
    path = folder / "shop.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("shop.csv", "x" * 1_000)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + offset] = 9
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(damaged_parquet, "the Parquet file is damaged", id="a page of Parquet"),
        pytest.param(zip_of_another_method, "by a method that Python does not know", id="a method"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_told(
    make: Callable[[Path], Path],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["replay", "online-retail", str(make(tmp_path)), "--check", "--json"]) == 2
    assert says in json.loads(capsys.readouterr().out)["error"]
