"""One export of a shop, two readers: the producer and the proof find the same orders in it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.events import replayed_order_id
from producer.command import main
from tests.conformance.derived_file import derived
from tests.producer.retail import sent_orders

SHOPIFY = """Name,Email,Created at,Currency,Shipping,Discount Amount,Lineitem quantity,\
Lineitem name,Lineitem price,Lineitem sku,Billing Country,Notes,Cancelled at,Refunded Amount
#1,ann@example.com,2025-03-30 01:30:00 +0100,EUR,4.90,5.99,1,Mask,34.90,M-1,FR,,,0.00
#1,,,,,,2,"Soap, lavender",12.50,S-2,,,,
#2,bob@example.com,2025-03-30 23:59:59 +0200,EUR,0.00,0.00,3,Candle,19.99,,FR,"At the door
ring twice",,0.00
#3,cleo@example.com,2025-03-31 09:00:00 +0200,EUR,0.00,0.00,1,Lamp,30.00,L-1,,,,10.00
#4,dan@example.com,2025-04-01 10:00:00 +0200,EUR,0.00,0.00,1,Mug,15.00,U-1,FR,,\
2025-04-01 11:00:00 +0200,15.00
"""
EBAY = """"","","","","","","",""
"Sales Record Number","Order Number","Buyer Username","Ship To Country","Item Number","Item Title",\
"Quantity","Sold For","Sale Date"
"","","","","","","","",""
"1","11-1","ann_1","United Kingdom","225","Brass hook, pair","1","£12.34","30-Sep-25"
"2","12-2","bob-2","United Kingdom","","","3","£1,110.00","01-Oct-25"
"2","12-2","bob-2","","226","Oak table","1","£1,050.00","01-Oct-25"
"2","12-2","bob-2","","227","Oak stool","2","£30.00","01-Oct-25"
"",
"2","record(s) downloaded,"," from 30-Sep-25"
"Seller ID : example-shop"
"""
ETSY = """Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Currency,Listing ID,\
Ship Country,Order ID
03/04/24,"Sticker, fox",one,2,3.50,0.00,EUR,901,France,5001
03/04/24,Print &quot;Owl&quot;,one,1,18.00,1.80,EUR,902,France,5001
12/01/24,"Sticker, fox",two,10,3.50,0.00,EUR,901,France,5002
"""
AMAZON = """amazon-order-id\tpurchase-date\torder-status\tproduct-name\tsku\tquantity\tcurrency\t\
item-price\titem-promotion-discount\tship-country
701\t2025-03-01T10:00:00+00:00\tShipped\tTape 2" wide\tT-1\t3\tUSD\t10.00\t1.00\tUS
702\t2025-03-01T11:00:00+00:00\tCancelled\tTape\tT-1\t0\t\t\t\tUS
703\t2025-03-01T12:00:00+00:00\tPending\tTape\tT-1\t1\t\t\t\tUS
"""
WOO = """Order Number;Order Status;Order Date;Email (Billing);Country Code (Billing);\
Cart Discount Amount;Order Refund Amount;SKU;Item Name;Quantity;Item Cost;Currency
1;Completed;2025-03-01 10:00;a@example.com;DE;1,50;0,00;A;"Tee &amp; pot";2;10,00;EUR
1;Completed;2025-03-01 10:00;a@example.com;DE;1,50;0,00;B;Cup;1;1.250,25;EUR
2;Cancelled;2025-03-02 10:00;b@example.com;DE;0,00;0,00;B;Cup;1;5,00;EUR
3;Failed;2025-03-02 11:00;b@example.com;DE;0,00;0,00;B;Cup;1;5,00;EUR
"""
OWN = """Bestellung|Datum|Artikel|Menge|Preis|Versand|Storno
1|13.03.2025 10:00|Tasse|7|10,00 €|2,00|
1|13.03.2025 10:00|Free|1|0,00 €||
2|14.03.2025 11:00|Teller|-1|5,00 €||
3|14.03.2025 12:00||1|5,00 €||
4||Teller|1|5,00 €||
5|14.03.2025 12:00|Teller|x|5,00 €||
6|14.03.2025 12:00|Teller|0|5,00 €||
7|14.03.2025 12:00|Teller|1|5,00 €||gestern
Bestellung|Datum|Artikel|Menge|Preis|Versand|Storno
|14.03.2025|Teller|1|5,00 €||
8|14.03.2025 12:00|Teller|1|5,00||
Summe|9
"""
OWN_MAPPING = """
dataset = "laden"
include = ["shipping"]
footers = ["Summe"]
[columns]
order = "Bestellung"
time = "Datum"
product_name = "Artikel"
quantity = "Menge"
line_amount = "Preis"
shipping = "Versand"
cancelled_at = "Storno"
"""
OWN_REJECTED = {
    *{(4, "missing_product"), (5, "bad_date"), (6, "bad_quantity"), (7, "zero_quantity")},
    *{(8, "bad_date"), (9, "repeated_header"), (10, "missing_order"), (11, "bad_currency")},
}


@dataclass(frozen=True)
class Export:
    """A file, how many events of which kind it holds, and what they sum to in minor units."""

    text: str
    kinds: dict[str, int]
    total: int
    left_out: dict[str, int]
    currency: str = "EUR"
    mapping: str = ""
    rejected: frozenset[tuple[int, str]] = frozenset()


EXPORTS = {
    "shopify": Export(SHOPIFY, {"placed": 4, "cancelled": 1, "adjustment": 1}, 13388, {}),
    "ebay": Export(EBAY, {"placed": 2}, 112234, {"summary rows": 1, "footer rows": 2}, "GBP"),
    "etsy": Export(ETSY, {"placed": 2}, 5820, {}),
    "amazon": Export(AMAZON, {"placed": 1}, 900, {"rows that are no order": 2}, "USD"),
    "woocommerce": Export(
        WOO, {"placed": 2, "cancelled": 1}, 126875, {"rows that are no order": 1}
    ),
    "a mapping of its own": Export(
        OWN,
        {"placed": 1, "adjustment": 1},
        700,
        {"footer rows": 1},
        mapping=OWN_MAPPING,
        rejected=frozenset(OWN_REJECTED),
    ),
}


def replayed(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    where = ["--outlet", "file", "--out", str(folder / "out"), "--ledger", str(folder / "ledger")]
    line = ["replay", "orders", str(file), *where, "--json", "--dataset", "shop", *options]
    assert main([*line, "--allow-rejected", "100%"]) == 0
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("name", EXPORTS)
def test_both_find_the_same_orders(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = EXPORTS[name]
    file = tmp_path / "export.csv"
    file.write_text(export.text, encoding="utf-8")
    options = []
    if export.mapping:
        (tmp_path / "mapping.toml").write_text(export.mapping, encoding="utf-8")
        options = ["--columns", str(tmp_path / "mapping.toml")]
    assert main(["replay", "orders", str(file), "--check", "--json", *options]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == export.left_out
    answer = replayed(file, tmp_path, capsys, *options)
    sent = sent_orders(tmp_path / "out")
    assert Counter(order.kind for order in sent) == export.kinds
    assert sum(order.total for order in sent) == export.total
    assert {order.currency for order in sent} == {export.currency}
    assert answer["rejected"] == Counter(reason for _, reason in export.rejected)
    told = {
        order.event_id: (
            *(order.order_id, order.kind, order.total, order.event_time, order.currency),
            *(order.location, order.region, order.customer_id is not None),
            sorted((line.category, line.quantity, line.unit_price) for line in order.lines),
        )
        for order in sent
    }
    run = json.loads((Path(answer["ledger"]) / "run.json").read_text())
    assert proved(file, run["source"]["reading"]) == (told, set(export.rejected))


def proved(file: Path, reading: dict[str, str]) -> tuple[dict[str, Any], set[Any]]:
    """The orders that the proof finds, as the producer told them, and the rows that it refuses."""
    with derived(file, reading, "shop") as connection:
        orders = connection.execute(
            "SELECT event_id, order_id, kind, total_minor, event_us, currency, location, region, "
            "customer_id IS NOT NULL, lines FROM source_order"
        ).fetchall()
        refused = connection.execute("SELECT row, rejected FROM refused_row").fetchall()
    found = {
        event_id: (
            *said,
            sorted((line["category"], line["quantity"], line["price"]) for line in of),
        )
        for event_id, *said, of in orders
    }
    return found, set(refused)


def test_the_second_event_of_a_kind_has_a_place_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gift makes no revenue, so both it and its refund are adjustments."""
    file = tmp_path / "export.csv"
    free = SHOPIFY.replace("1,Lamp,30.00", "1,Lamp,0.00")
    file.write_text(free, encoding="utf-8")
    replayed(file, tmp_path, capsys)
    ids = {order.event_id for order in sent_orders(tmp_path / "out") if order.order_id == "#3"}
    assert ids == {replayed_order_id("shop", "#3", "adjustment", place) for place in (0, 1)}


def test_orders_without_a_data_set_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(SHOPIFY, encoding="utf-8")
    assert main(["replay", "orders", str(file), "--outlet", "null"]) == 2


WRONG = {
    "no TOML": "columns =",
    "a word that is none": OWN_MAPPING.replace("footers", "feet"),
    "a role that is none": OWN_MAPPING.replace("shipping =", "postage ="),
    "no column of the price": OWN_MAPPING.replace("line_amount", "tax"),
    "a column that the file has not": OWN_MAPPING.replace("Storno", "Stornierung"),
    "another file's columns": OWN_MAPPING.replace("Bestellung", "Order"),
    "a charge that is none": OWN_MAPPING.replace('["shipping"]', '["gift"]'),
    "a reading that is none": f'{OWN_MAPPING}[reading]\ndates = "year-first"\n',
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_mapping_is_refused(name: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "export.csv", tmp_path / "mapping.toml"
    file.write_text(OWN, encoding="utf-8")
    mapping.write_text(WRONG[name], encoding="utf-8")
    line = ["replay", "orders", str(file), "--check", "--columns", str(mapping)]
    assert main(line) == 2
