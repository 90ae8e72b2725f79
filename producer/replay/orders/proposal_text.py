"""A proposed mapping as TOML, for a person to correct."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from contracts.data_files.roles import NEEDED, Role
from contracts.data_files.texts import CURRENCY_OF_SIGN
from producer.replay.orders.proposal import Proposed, ShownColumn, propose
from producer.replay.orders.rows import currency_shown
from producer.replay.values.dates import shape_of
from producer.replay.values.numbers import bare, decimal_shown

_MOST_STATUSES, _SHOWN = 20, 40
_CANCELLED = ("cancel", "storn", "void", "annul")
_NO_ORDERS = ("fail", "pending", "draft", "abandon", "unpaid")
_MEANINGS: Mapping[Role, str] = {
    "order": "the number of the order",
    "time": "when the order was placed",
    "product": "the product's number; or product_name",
    "product_name": "the product's name; or product",
    "quantity": "how many pieces",
    "unit_price": "the price of one piece; or line_amount, the price of all pieces of the row",
}
# What a guess leaves open.
_OPEN: Mapping[Role, str] = {
    "unit_price": "write line_amount if it is the price of all pieces",
    "line_amount": "write unit_price if it is the price of one piece",
    "order_discount": "write row_discount if it is of one row",
    "shipping": "write row_shipping if it is of one row",
    "tax": "write row_tax if it is of one row",
}


@dataclass(frozen=True)
class ShownFile:
    """The first rows of a file. `separator` is empty where it is no text; `known` are the columns
    of a shipped mapping that fits, and `mapping` is its name."""

    name: str
    columns: Sequence[ShownColumn]
    separator: str = ""
    known: Mapping[Role, str] | None = None
    mapping: str = ""


def proposal_of(file: ShownFile) -> str:
    """The mapping of a file. What is a guess says so; what was not found is a comment that says
    what to write."""
    found = propose(file.columns, file.known)
    lines = [*_head(file), *_top(found), "", "[columns]", *_columns(found)]
    used = {id(one.column) for one in found.values()}
    left = [_text(column.name) for column in file.columns if id(column) not in used]
    if left:
        lines.append(f"# columns without a meaning: {', '.join(left)}")
    return "\n".join([*lines, "", "[reading]", *_reading(file, found)]) + "\n"


def _head(file: ShownFile) -> Iterator[str]:
    rows = max((len(column.texts) for column in file.columns), default=0)
    yield f"# What the header and the first {rows:,} rows of {_in_comment(file.name)} show."
    yield "# Correct it, and take it with --columns. docs/exports.md says what each word means."
    if file.mapping:
        yield f"# The shipped mapping {file.mapping} fits, and is taken without --columns."


def _top(found: Mapping[Role, Proposed]) -> Iterator[str]:
    yield '# dataset = "my-shop"  # needed, here or as --dataset: a name for this shop'
    yield from _currency(found)
    statuses = found["status"].column.values[:_MOST_STATUSES] if "status" in found else []
    if statuses:
        yield f"# statuses in these rows: {', '.join(map(_text, statuses))}"
    for word, parts, what in (
        ("cancelled", _CANCELLED, "statuses of orders that were placed and then cancelled"),
        ("not_orders", _NO_ORDERS, "statuses of rows that are no orders"),
    ):
        likely = [text for text in statuses if any(part in text.casefold() for part in parts)]
        if likely:
            yield f"{word} = [{', '.join(map(_text, likely))}]  # a guess: {what}"
        else:
            yield f"# {word} = []  # {what}"
    yield '# footers = ["Total"]  # how rows below the data begin that name no order'
    yield "# summary_rows = true  # if a row without a product tells of its order alone"
    yield '# include = ["shipping", "tax"]  # charges that count as revenue'


def _currency(found: Mapping[Role, Proposed]) -> Iterator[str]:
    if "currency" in found:
        return
    price = found.get("unit_price") or found.get("line_amount")
    shown = {currency_shown(text) for text in price.column.values} if price else set()
    if len(shown) == 1 and (one := shown.pop()):
        yield f"currency = {_text(one)}  # a guess, from the sign of the prices"
    else:
        yield '# currency = "EUR"  # needed: the currency of all orders, which no column says'


def _columns(found: Mapping[Role, Proposed]) -> Iterator[str]:
    roles: tuple[Role, ...] = get_args(Role)
    for role in roles:
        if role in found:
            yield f"{role} = {_text(found[role].column.name)}{_doubt(role, found[role])}"
    for needed in NEEDED:
        if not found.keys() & set(needed):
            yield f'# {needed[0]} = ""  # needed: the column with {_MEANINGS[needed[0]]}'
    missing = [role for role in roles if role not in found and not _is_needed(role)]
    yield f"# not found, and not needed: {' '.join(missing)}"


def _is_needed(role: Role) -> bool:
    return any(role in needed for needed in NEEDED)


def _doubt(role: Role, proposed: Proposed) -> str:
    if not proposed.is_guess:
        return ""
    values = [value[:_SHOWN] for value in proposed.column.values[:2]]
    told = f"from its name and values such as {', '.join(map(_text, values))}"
    more = f"; {_OPEN[role]}" if role in _OPEN else ""
    return f"  # a guess, {told if values else 'from its name'}{more}"


def _reading(file: ShownFile, found: Mapping[Role, Proposed]) -> Iterator[str]:
    if file.separator:
        yield f"separator = {_text('tab' if file.separator == chr(9) else file.separator)}"
    prices = [found[role].column for role in ("unit_price", "line_amount") if role in found]
    signs = tuple(CURRENCY_OF_SIGN)
    shown = {decimal_shown(bare(text, signs)) for one in prices for text in one.values}
    decimals = sorted(filter(None, shown))
    if len(decimals) == 1:
        yield f"decimal = {_text(decimals[0])}"
    else:
        yield '# decimal = ","  # what stands before decimals, if not all rows together show it'
    times = found["time"].column.values if "time" in found else []
    shapes = [shape for text in times if (shape := shape_of(text))]
    orders = sorted({shape.order for shape in shapes if shape.order})
    if len(orders) == 1:
        yield f"dates = {_text(orders[0])}"
    elif any(shape.both for shape in shapes):
        both = next(shape.both for shape in shapes if shape.both)
        yield f'# dates = "day-first"  # or "month-first": {both[0]}, or {both[1]}'
    yield "# multiline = true  # if texts in quotes hold line breaks"


def _text(text: str) -> str:
    """A text of TOML, whose escapes JSON shares."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_comment(text: str) -> str:
    return "".join(each for each in text if each.isprintable())
