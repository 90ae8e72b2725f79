"""How a shop's own export of orders is told: which column means what, and the habits of its tool.

A mapping is data. The producer and the proof agree on its words, and each reads files by its own
code. Those of known tools are shipped in `exports/`, and are found by the header.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, get_args

from contracts.data_files.layouts import FileLayout
from contracts.data_files.roles import CHARGES, DATES, IDS, NEEDED, NUMBERS, PRICES, Included, Role
from contracts.data_files.texts import SEPARATORS
from contracts.errors import Usage

# How many records may stand above the header.
ROWS_BEFORE_HEADER = 20
_READING: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "separator": (*SEPARATORS, "tab"),
        "decimal": (".", ","),
        "dates": ("day-first", "month-first"),
        "multiline": (True, False),
    }
)


@dataclass(frozen=True)
class OrderMapping:
    """`columns` says by role how a column is called. Orders with a status of `cancelled` were
    cancelled, and rows with one of `not_orders` are no orders. A row that begins with a text of
    `footers` and names no order is a footer. With `summary_rows` a row without a product tells of
    the order alone. `html` texts have entities. `include` says which charges count. `reading` are
    options of the command, and `dataset` is the data set, if the command says nothing else.
    """

    name: str
    columns: Mapping[Role, str]
    currency: str = ""
    dataset: str = ""
    cancelled: tuple[str, ...] = ()
    not_orders: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()
    include: tuple[Included, ...] = ()
    summary_rows: bool = False
    html: bool = False
    reading: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_fields(fields: Mapping[str, Any], where: str) -> OrderMapping:
        """The mapping of a table of TOML or JSON; Usage, with what is wrong, if it is none."""
        told = dict(fields)
        for name in ("cancelled", "not_orders", "footers", "include"):
            told[name] = _texts(told.get(name, ()), f"{where}: {name}")
        unknown = told.keys() - OrderMapping.__dataclass_fields__.keys()
        _require(not unknown, f"{where}: {', '.join(sorted(unknown))} is no word of a mapping")
        for name in ("name", "currency", "dataset"):
            _require(isinstance(told.setdefault(name, ""), str), f"{where}: {name} is no text")
        for name in ("summary_rows", "html"):
            _require(
                isinstance(told.setdefault(name, False), bool), f"{where}: {name}: true or false"
            )
        _require_columns(told.get("columns"), where)
        reading = told.setdefault("reading", {})
        _require(isinstance(reading, dict), f"{where}: reading is no table")
        for name, value in reading.items():
            _require(value in _READING.get(name, ()), f"{where}: reading: {name} = {value!r}")
        included = set(told["include"]) - set(get_args(Included))
        _require(not included, f"{where}: include names {', '.join(sorted(included))}")
        return OrderMapping(**told)

    @staticmethod
    def from_toml(text: str, where: str) -> OrderMapping:
        """The mapping of a TOML file called `where`; Usage if it is none."""
        try:
            return OrderMapping.from_fields(tomllib.loads(text), where)
        except tomllib.TOMLDecodeError as error:
            raise Usage(f"{where} is no TOML: {error}") from error

    def to_json(self) -> str:
        """The mapping as the ledger keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    def fits(self, names: Iterable[str]) -> bool:
        """Whether a header names all columns that an order needs."""
        needed = self.needed_layout()
        return set(needed.columns) <= {needed.column_of(name) for name in names}

    def layout(self, names: Iterable[str]) -> FileLayout:
        """The columns of the mapping that a header names."""
        every = self._layout(dict(self.columns))
        found = {every.column_of(name) for name in names}
        return self._layout({role: name for role, name in self.columns.items() if name in found})

    def within(self, names: Iterable[str]) -> OrderMapping:
        """The mapping without the columns that a header has not."""
        kept = set(self.layout(names).columns)
        columns = {role: name for role, name in self.columns.items() if name in kept}
        return replace(self, columns=columns)

    def needed_layout(self) -> FileLayout:
        """The columns that an order needs."""
        return self._layout({role: self.columns[role] for role in self.columns if _is_needed(role)})

    def _layout(self, named: dict[Role, str]) -> FileLayout:
        def called(roles: Iterable[Role]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(named[role] for role in roles if role in named))

        return FileLayout(
            "orders",
            tuple(dict.fromkeys(named.values())),
            MappingProxyType({}),
            date=named.get("time", ""),
            numbers=called(NUMBERS),
            prices=called(PRICES),
            ids=called(IDS),
            currency="",
            other_dates=called(DATES[1:]),
            footers=self.footers,
            rows_before=ROWS_BEFORE_HEADER,
        )

    @property
    def charges(self) -> tuple[tuple[Role, str, int], ...]:
        """The amounts that are lines of their own: role, name and number of pieces."""
        return tuple(
            charge for charge in CHARGES if charge[1] == "discount" or charge[1] in self.include
        )


def _is_needed(role: Role) -> bool:
    return any(role in roles for roles in NEEDED)


def _require(good: bool, message: str) -> None:
    if not good:
        raise Usage(message, cause="a mapping says which column means what: docs/exports.md")


def _texts(value: object, where: str) -> tuple[str, ...]:
    _require(
        isinstance(value, list | tuple) and all(isinstance(text, str) and text for text in value),
        f"{where} is no list of texts",
    )
    assert isinstance(value, list | tuple)
    return tuple(value)


def _require_columns(columns: object, where: str) -> None:
    _require(isinstance(columns, dict), f"{where}: there is no table [columns]")
    assert isinstance(columns, dict)
    for role, name in columns.items():
        _require(role in get_args(Role), f"{where}: columns: {role} is no role of a column")
        _require(isinstance(name, str) and bool(name.strip()), f"{where}: columns: {role} is empty")
    for roles in NEEDED:
        _require(
            any(role in columns for role in roles),
            f"{where}: columns: {' or '.join(roles)} is needed",
        )
    _require(
        not {"unit_price", "line_amount"} <= columns.keys(),
        f"{where}: columns: unit_price and line_amount are two prices of one row",
    )


@cache
def shipped_mappings() -> tuple[OrderMapping, ...]:
    """The mappings of known tools, by name."""
    files = resources.files("contracts.data_files").joinpath("exports").iterdir()
    texts = {file.name: file.read_text("utf-8") for file in files if file.name.endswith(".toml")}
    return tuple(OrderMapping.from_toml(texts[name], name) for name in sorted(texts))


def mapping_in(names: Iterable[str], told: str = "") -> OrderMapping | None:
    """The mapping that a ledger `told`, or else the shipped one that fits a header."""
    if told:
        return OrderMapping.from_fields(json.loads(told), "the ledger's mapping")
    header = list(names)
    return next((mapping for mapping in shipped_mappings() if mapping.fits(header)), None)
