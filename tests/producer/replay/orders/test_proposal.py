"""A mapping is proposed from a shop's own export, for a person to complete."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.data_files.mappings import OrderMapping, shipped_mappings
from contracts.errors import Usage
from producer.command import main
from producer.replay.orders.proposal import ShownColumn, propose
from producer.replay.orders.proposal_text import ShownFile, proposal_of

GERMAN = """Export vom 3.1.2026
Bestell-Nr.;Bestelldatum;Artikel;Menge;Preis;Status;Notiz
1001;13.01.2026 10:00;Laterne "groß";2;12,50 €;bezahlt;
1002;14.01.2026 11:00;Kerze;1;3,00 €;storniert;x
"""
PLAIN = ("order", "time", "product_name", "quantity", "unit_price")


def columns(**texts: str) -> list[ShownColumn]:
    return [ShownColumn(name, text.split("|")) for name, text in texts.items()]


def proposed(capsys: pytest.CaptureFixture[str], file: Path) -> str:
    assert main(["replay", "orders", str(file), "--propose"]) == 0
    return capsys.readouterr().out


def test_what_is_proposed_works_unchanged_when_it_is_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = tmp_path / "export.csv", tmp_path / "mapping.toml"
    file.write_text(GERMAN, encoding="utf-8")
    text = proposed(capsys, file)
    mapping.write_text(text, encoding="utf-8")
    told = OrderMapping.from_toml(text, "proposed")
    assert dict(told.columns) == {
        "order": "Bestell-Nr.",
        "time": "Bestelldatum",
        "product_name": "Artikel",
        "quantity": "Menge",
        "unit_price": "Preis",
        "status": "Status",
    }
    assert (told.currency, told.cancelled) == ("EUR", ("storniert",))
    assert told.reading == {"separator": ";", "decimal": ",", "dates": "day-first"}
    line = ["replay", "orders", str(file), "--columns", str(mapping), "--dataset", "shop"]
    assert main([*line, "--outlet", "null", "--check"]) == 0
    assert "2 placed, 1 cancelled" in capsys.readouterr().err


def test_a_file_without_a_header_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "empty.csv"
    file.touch()
    assert main(["replay", "orders", str(file), "--propose"]) == 2
    assert f"error: {file}: there is no header" in capsys.readouterr().err


def test_guesses_say_so_and_what_the_header_says_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "export.csv"
    file.write_text(GERMAN, encoding="utf-8")
    lines = proposed(capsys, file).splitlines()
    by_word = {line.split(" = ")[0]: line for line in lines}
    guessed = {word for word, line in by_word.items() if "# a guess" in line}
    assert guessed == {"product_name", "unit_price", "currency", "cancelled"}
    assert by_word["unit_price"].endswith("write line_amount if it is the price of all pieces")
    assert '# columns without a meaning: "Notiz"' in lines


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda mapping: mapping.name)
def test_of_a_known_export_the_shipped_columns_are_proposed(mapping: OrderMapping) -> None:
    shown = [ShownColumn(name, ()) for name in dict.fromkeys(mapping.columns.values())]
    file = ShownFile("x.csv", shown, known=mapping.columns, mapping=mapping.name)
    text = proposal_of(file)
    assert dict(OrderMapping.from_toml(text, "proposed").columns) == dict(mapping.columns)
    assert f"The shipped mapping {mapping.name} fits" in text


@pytest.mark.parametrize("missing", PLAIN)
def test_what_is_missing_is_a_line_to_complete(missing: str) -> None:
    whole = {
        "order": ("Order ID", "7"),
        "time": ("Order date", "2026-01-02 10:00"),
        "product_name": ("Item name", "Lantern"),
        "quantity": ("Qty", "2"),
        "unit_price": ("Unit price", "2.50"),
    }
    del whole[missing]
    shown = [*(ShownColumn(name, [text]) for name, text in whole.values()), ShownColumn("X", ["?"])]
    text = proposal_of(ShownFile("x.csv", shown))
    role = "product_name" if missing == "product_name" else missing
    open_line = next(line for line in text.splitlines() if line.startswith(f'# {role} = ""'))
    assert "# needed: the column with " in open_line
    with pytest.raises(Usage, match="is needed"):
        OrderMapping.from_toml(text, "proposed")
    completed = text.replace(open_line, f'{role} = "X"')
    assert OrderMapping.from_toml(completed, "completed").columns[role] == "X"  # type: ignore[index] - a role


@pytest.mark.parametrize(
    ("texts", "role", "name"),
    [
        pytest.param({"Price": "2.50|3"}, "unit_price", "Price", id="a price of numbers"),
        pytest.param({"Price": "on request"}, "unit_price", None, id="a price of words"),
        pytest.param({"Quantity": "2.5|1"}, "quantity", None, id="pieces that are not whole"),
        pytest.param({"Ordered": "soon|late"}, "time", None, id="a time of words"),
        pytest.param({"Ordered": "1/12/2010|n/a"}, "time", None, id="half of it is no date"),
        pytest.param({"Status": "paid|1.50"}, "status", None, id="a status that is an amount"),
        pytest.param({"Currency": "EUR|CHF"}, "currency", "Currency", id="codes"),
        pytest.param({"Currency": "€"}, "currency", None, id="a sign is no code"),
        pytest.param({"Total": "5", "Unit price": "2"}, "line_amount", None, id="one price alone"),
        pytest.param({"Line total": "5", "Unit price": "2"}, "line_amount", None, id="not two"),
        pytest.param({"Notes": "Lantern"}, "product_name", None, id="nothing says so"),
    ],
)
def test_a_column_is_taken_only_where_name_and_values_agree(
    texts: dict[str, str], role: str, name: str | None
) -> None:
    found = propose(columns(**texts))
    assert (found[role].column.name if role in found else None) == name  # type: ignore[index] - a role


def test_dates_that_fit_two_readings_are_left_to_the_person() -> None:
    text = proposal_of(ShownFile("x.csv", columns(**{"Order date": "1/12/2010|2/12/2010"})))
    assert '# dates = "day-first"  # or "month-first": 1 December 2010, or 12 January 2010' in text


@given(st.lists(st.tuples(st.text(max_size=20), st.lists(st.text(max_size=20))), max_size=8))
def test_whatever_a_file_holds_the_proposal_is_toml(shown: list[tuple[str, list[str]]]) -> None:
    file = ShownFile(
        "a\nb.csv", [ShownColumn(name, texts) for name, texts in shown if name.strip()]
    )
    assert "columns" in tomllib.loads(proposal_of(file))
