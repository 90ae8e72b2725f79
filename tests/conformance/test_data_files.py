"""One data file, two readers: the producer and the proof find the same orders in every kind of file
that shops write, or both say what is in it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.events import replayed_order_id
from producer.command import main
from tests.conformance.derived_file import derived
from tests.producer.retail import sent_orders

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
BASE = f"""{HEADER}
1,A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
1,B,RED LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
2,C,PINK CLOCK,24,2010-12-01 08:45:00,3.75,12583,France
C3,D,DUCKS,-1,2010-12-01 09:49:00,4.65,15311,United Kingdom
4,E,ROSE BOTTLE,1,2010-12-13 14:32:00,2.51,,United Kingdom
"""
ANSWER = {
    "1": ("2010-12-01 08:26", 3564, True),
    "2": ("2010-12-01 08:45", 9000, True),
    "C3": ("2010-12-01 09:49", -465, True),
    "4": ("2010-12-13 14:32", 251, False),
}


@dataclass(frozen=True)
class Kind:
    """A way to write the base file; `rejected` are the rows that make no event, and `gone` the
    orders that go with them. The times of the orders are `hours` later, or as `moved` says."""

    write: Callable[[str], bytes | str]
    options: tuple[str, ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()
    gone: tuple[str, ...] = ()
    hours: int = 0
    moved: Mapping[str, str] = field(default_factory=dict)


def dates(form: str) -> Callable[[str], str]:
    """The base with its dates in another form."""

    def write(text: str) -> str:
        for day in (1, 13):
            for clock in ("08:26:00", "08:45:00", "09:49:00", "14:32:00"):
                moment = datetime.fromisoformat(f"2010-12-{day:02} {clock}").replace(tzinfo=UTC)
                text = text.replace(f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment:{form}}")
        return text

    return write


def decimal_commas(text: str) -> str:
    head, *rows = text.replace(",", ";").splitlines()
    prices = ("2.55", "3.39", "3.75", "4.65", "2.51")
    told = [row.replace(one, one.replace(".", ",")) for row, one in zip(rows, prices, strict=True)]
    return "\n".join([head, *told, ""])


def zipped(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("__MACOSX/._shop.csv", b"")
        file.writestr("shop.csv", text)
    return packed.getvalue()


def parquet(text: str) -> bytes:
    head, *rows = (line.split(",") for line in text.splitlines())
    columns: dict[str, Any] = dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))
    columns["UnitPrice"] = pa.array(map(float, columns["UnitPrice"]), pa.float32())
    columns["CustomerID"] = [float(text) if text else None for text in columns["CustomerID"]]
    columns["InvoiceDate"] = [datetime.fromisoformat(text) for text in columns["InvoiceDate"]]
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


def workbook(text: str, first: int = 1) -> bytes:
    """A sheet as spreadsheets keep it, from the row `first` on: numbers and days are floats."""
    epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook has no zone
    rows = []
    for number, line in enumerate(text.splitlines(), start=first):
        fields, cells = line.split(","), []
        for name, value in zip(HEADER.split(","), fields, strict=True):
            if name == "InvoiceDate" and value != name:
                days = (datetime.fromisoformat(value) - epoch).total_seconds() / 86_400
                cells.append(f'<c s="1"><v>{days!r}</v></c>')
            elif value.replace(".", "").lstrip("-").isdigit():
                cells.append(f"<c><v>{value}</v></c>")
            else:
                cells.append(f'<c t="inlineStr"><is><t>{value}</t></is></c>')
        rows.append(f'<row r="{number}">{"".join(cells)}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" '
        f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        '<sheet name="Shop" sheetId="1" r:id="s"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">'
        f'<Relationship Id="s" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="t" Type="{links}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}'
        "</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return packed.getvalue()


def zstd(text: str) -> bytes:
    packed = pa.compress(text.encode(), codec="zstd", asbytes=True)
    assert isinstance(packed, bytes)
    return packed


KINDS = {
    "as it is": Kind(str),
    "other names of columns": Kind(
        lambda text: text.replace(
            HEADER, "invoice,stockcode, DESCRIPTION,Quantity,InvoiceDate,Price,Customer ID,country"
        )
    ),
    "other columns beside": Kind(
        lambda text: text.replace("\n", ",x\n").replace("Country,x", "Country,More")
    ),
    "a comma at each end": Kind(lambda text: text.replace("\n", ",\n")),
    "semicolons and decimal commas": Kind(decimal_commas),
    "tabs in UTF-16": Kind(lambda text: text.replace(",", "\t").encode("utf-16")),
    "a mark": Kind(lambda text: b"\xef\xbb\xbf" + text.encode()),
    "cp1252": Kind(lambda text: text.replace("PINK", "“CAFÉ” €").encode("cp1252")),
    "carriage returns": Kind(lambda text: text.replace("\n", "\r\n")),
    "carriage returns alone": Kind(lambda text: text.replace("\n", "\r")),
    "blank lines": Kind(lambda text: text.replace("\n", "\n\n,,,,,,,\n")),
    "day first with slashes": Kind(dates("%d/%m/%Y %H:%M")),
    "day first with dashes": Kind(dates("%d-%m-%Y %H:%M")),
    "day first with dots": Kind(dates("%d.%m.%Y %H:%M")),
    "month first, two digits": Kind(dates("%m/%d/%y %H:%M")),
    "morning and afternoon": Kind(dates("%m/%d/%Y %I:%M:%S %p")),
    "months by name": Kind(dates("%d-%b-%Y %H:%M")),
    "T and an offset": Kind(dates("%Y-%m-%dT%H:%M:%S+02:00"), hours=-2),
    "fractions of seconds": Kind(dates("%Y-%m-%d %H:%M:%S.%f")),
    "ids as floats": Kind(lambda text: text.replace("\n1,", "\n1.0,").replace("0,U", "0.0,U")),
    "prices as floats of 32 bits": Kind(
        lambda text: text.replace("2.55", "2.5499999523162842").replace("3.39", "3.390000105")
    ),
    "signs of currency": Kind(
        lambda text: text.replace("2.55", "£2.55").replace("3.75", "3.75 GBP")
    ),
    "words for nothing": Kind(lambda text: text.replace("2.51,,", "2.51,NULL,")),
    "groups of thousands": Kind(
        lambda text: text.replace(",6,", ',"6",').replace("3.75", '"0,003.75"'),
        rejected=((3, "bad_price"),),
        gone=("2",),
    ),
    "a workbook": Kind(workbook),
    "a workbook that begins in row 3": Kind(lambda text: workbook(text, first=3)),
    "clocks that change": Kind(
        lambda text: text.replace("2010-12-01 08:26:00", "2010-10-31 01:30:00").replace(
            "2010-12-01 09:49:00", "2010-03-28 01:30:00"
        ),
        ("--timezone", "Europe/London"),
        rejected=((4, "bad_date"),),
        gone=("C3",),
        moved={"1": "2010-10-31 00:30"},
    ),
    "a lone quote": Kind(lambda text: text.replace("WHITE", '"WHITE').replace("PINK", '"PINK')),
    "text behind a quote": Kind(lambda text: text.replace("WHITE HEART", '"WHITE" HEART')),
    "an unquoted comma": Kind(
        lambda text: text.replace("DUCKS", "DUCKS,SET"),
        rejected=((4, "wrong_field_count"),),
        gone=("C3",),
    ),
    "a total row": Kind(lambda text: f"{text},,,36,,,,\n", rejected=((6, "missing_invoice"),)),
    "the header once more": Kind(
        lambda text: f"{text}{HEADER}\n", rejected=((6, "repeated_header"),)
    ),
    "a quantity like a float": Kind(
        lambda text: text.replace(",24,", ",2.4E+01,"),
        rejected=((3, "bad_quantity"),),
        gone=("2",),
    ),
    "line breaks in quotes": Kind(
        lambda text: text.replace("WHITE HEART", '"WHITE\nHEART"'), ("--multiline",)
    ),
    "local times": Kind(str, ("--timezone", "Europe/Paris"), hours=-1),
    "gzip in parts": Kind(
        lambda text: (
            gzip.compress(text[:99].encode()) + gzip.compress(text[99:].encode()) + b"\0" * 99
        )
    ),
    "zip": Kind(zipped),
    "zstd": Kind(zstd),
    "parquet": Kind(parquet),
}


@pytest.mark.parametrize("name", KINDS)
def test_both_read_the_same_orders(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = KINDS[name]
    file = tmp_path / "shop.csv"
    raw = kind.write(BASE)
    file.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    where = ["--outlet", "file", "--out", str(tmp_path / "out"), "--ledger", str(tmp_path / "l")]
    assert main(["replay", "online-retail", str(file), *where, "--json", *kind.options]) == 0
    answer = json.loads(capsys.readouterr().out)
    expected = {number: told for number, told in ANSWER.items() if number not in kind.gone}
    sent = {
        order.order_id: (order.event_time, order.total, order.customer_id is not None)
        for order in sent_orders(tmp_path / "out")
    }
    assert sent == {
        number: (_micros(kind.moved.get(number, told[0]), kind.hours), *told[1:])
        for number, told in expected.items()
    }
    assert sorted(answer["rejected"]) == sorted(reason for _, reason in kind.rejected)
    run = json.loads((Path(answer["ledger"]) / "run.json").read_text())
    assert _proved(file, run["source"]["reading"]) == (sent, list(kind.rejected))


def _micros(text: str, hours: int) -> int:
    return (int(datetime.fromisoformat(f"{text}+00:00").timestamp()) + hours * 3600) * 1_000_000


def _proved(file: Path, reading: dict[str, str]) -> tuple[dict[str, Any], list[Any]]:
    """The orders that the proof finds, as the producer told them, and the rows that it refuses."""
    with derived(file, reading, "online-retail") as connection:
        orders = connection.execute(
            "SELECT order_id, kind, event_id, event_us, total_minor, customer_id FROM source_order"
        ).fetchall()
        refused = connection.execute(
            "SELECT row, rejected FROM refused_row ORDER BY row"
        ).fetchall()
        for order_id, kind, event_id, *_ in orders:
            assert event_id == replayed_order_id("online-retail", order_id, kind)
    return {order[0]: (order[3], order[4], order[5] is not None) for order in orders}, refused
