"""Two of the pack's rules, measured on labelled first purchases of a real shop.

The file is a csv or csv.gz with one row per customer: when the customer signed up, when and for how
much the customer bought, on which device, and whether it was fraud. Other columns are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import Usage
from contracts.times import MINUTE_US
from ops.commands.fraud.coverage import cover, open_database
from ops.commands.fraud.measures import Measure

COLUMNS = ("user_id", "signup_time", "purchase_time", "purchase_value", "device_id", "class")
# Only these kinds of rule can be measured: the file has no locations, and it has one purchase per
# customer.
KINDS = ("young_account", "customers_within")
ANY_AMOUNT = "_any_amount"
TOGETHER = "together"
# The values have no currency. The thresholds of this one are applied to them.
_CURRENCY = "USD"
_NEXT = "shopstream fraud report --purchases FILE with the columns " + ",".join(COLUMNS)
_TIMES = ("%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S")
MEANS = (
    "Each customer of this data buys once. So it can tell about a shared device and about a "
    "purchase soon after the sign-up. It cannot tell about a history, a location or several "
    "orders of one customer: the rules that need those are not measured here. Its values have "
    f"no currency: the pack's {_CURRENCY} thresholds are applied as they are, and the rules are "
    "measured once more without thresholds. Fraud within a minute of the sign-up is the work of "
    "a program: a rule that finds it is not thereby right about young accounts. If the file is "
    "a sample of the customers, others on the same device are missing, and the recall of shared "
    "devices is a lower bound. No threshold was chosen by means of this data."
)


@dataclass(frozen=True)
class PurchaseFinding:
    """What each rule finds, and what all of them find together.

    `unread` counts the rows without a usable value. `fraud_within_a_minute` counts the fraud within
    a minute of the sign-up, which is the work of a program.
    """

    purchases: int
    unread: int
    fraud: int
    fraud_within_a_minute: int
    rules: dict[str, Measure]

    @property
    def base_rate(self) -> float:
        """The share of fraud, which is the precision of calling every purchase fraud."""
        return round(self.fraud / self.purchases, 4)

    def document(self) -> dict[str, Any]:
        """The finding as JSON fields."""
        return {
            "purchases": self.purchases,
            "unread_rows": self.unread,
            "fraud_purchases": self.fraud,
            "fraud_within_a_minute": self.fraud_within_a_minute,
            "base_rate": self.base_rate,
            "rules": {
                name: {**one.document(), "purchases": one.called}
                for name, one in self.rules.items()
            },
            "means": MEANS,
        }


def evaluate_purchases(
    file: Path, rules: Sequence[Mapping[str, Any]], folder: Path
) -> PurchaseFinding:
    """What the rules find in a file of purchases. The work is done in a private folder.

    Raises Usage when the file is missing or has another layout.
    """
    asked = [rule for rule in rules if rule["kind"] in KINDS]
    freed = [_any_amount(rule) for rule in asked if "thresholds" in rule]
    with open_database(folder) as connection:
        unread = _load(connection, file)
        cover(connection, "purchased", [*asked, *freed])
        ((purchases, fraud, at_once),) = connection.execute(
            "SELECT count(*), count(*) FILTER (fraud), count(*) FILTER "
            f"(fraud AND event_us - account_us BETWEEN 0 AND {MINUTE_US}) FROM purchased"
        ).fetchall()
        if not purchases:
            raise Usage(f"no row of {file} is a purchase", command=_NEXT)
        names = [rule["name"] for rule in asked]
        any_amount = [rule["name"] for rule in freed]
        with_any = [name for name in names if name + ANY_AMOUNT not in any_amount] + any_amount
        measured = {name: [name] for name in [*names, *any_amount]}
        measured |= {TOGETHER: names, TOGETHER + ANY_AMOUNT: with_any}
        return PurchaseFinding(
            purchases,
            unread,
            fraud,
            at_once,
            {name: _measure(connection, some, fraud) for name, some in measured.items()},
        )


def _any_amount(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {**rule, "name": rule["name"] + ANY_AMOUNT, "thresholds": {_CURRENCY: "0.00"}}


def _load(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Make the table `purchased` of orders with their labels; return the number of unread rows."""
    try:
        connection.execute(
            "CREATE TABLE purchase_row AS SELECT * FROM read_csv(?, header = true, "
            "all_varchar = true, delim = ',', null_padding = true)",
            [str(file)],
        )
    except duckdb.Error as problem:
        raise Usage(
            f"the purchases cannot be read: {file}",
            cause=str(problem).splitlines()[0],
            command=_NEXT,
        ) from problem
    found = [row[0] for row in connection.execute("DESCRIBE purchase_row").fetchall()]
    if missing := [name for name in COLUMNS if name not in found]:
        raise Usage(
            f"the file has another layout: {file}",
            cause=f"it has no column {', '.join(missing)}",
            command=_NEXT,
        )
    connection.execute(
        f"""
        CREATE TABLE purchased AS
        SELECT row_number() OVER ()::VARCHAR AS event_id, * FROM (
          SELECT epoch_us(try_strptime(purchase_time, $times)) AS event_us, '' AS region,
                 'placed' AS kind, false AS canary, user_id AS customer_id, device_id,
                 epoch_us(try_strptime(signup_time, $times)) AS account_us,
                 CAST(TRY_CAST(purchase_value AS DECIMAL(18,2)) * 100 AS BIGINT) AS total_minor,
                 '{_CURRENCY}' AS currency, '' AS location, CASE class WHEN '1' THEN true
                 WHEN '0' THEN false END AS fraud
          FROM purchase_row
        ) WHERE event_us IS NOT NULL AND account_us IS NOT NULL AND total_minor IS NOT NULL
            AND customer_id IS NOT NULL AND device_id IS NOT NULL AND fraud IS NOT NULL
        """,
        {"times": list(_TIMES)},
    )
    ((unread,),) = connection.execute(
        "SELECT (SELECT count(*) FROM purchase_row) - (SELECT count(*) FROM purchased)"
    ).fetchall()
    return int(unread)


def _measure(connection: duckdb.DuckDBPyConnection, rules: list[str], fraud: int) -> Measure:
    ((called, both),) = connection.execute(
        """
        SELECT count(*), count(*) FILTER (fraud) FROM purchased WHERE event_id IN
          (SELECT event_id FROM covered WHERE list_contains(?::VARCHAR[], rule))
        """,
        [rules],
    ).fetchall()
    return Measure(called, fraud, both)
