"""The options of the producer's commands: `shopstream` shows them, and the producer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.ledger import LayoutName

# More rows or events than anybody has.
_MOST = 10**12


@dataclass(frozen=True)
class Number:
    """A number from `least` to `most`; with `or_max` also the word max, which means no limit."""

    least: float
    most: float
    or_max: bool = False


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int


Text: TypeAlias = Literal["flag", "share", "name", "time", "file", "encoding", "zone", "text"]
# What the text of an option must be. A tuple lists every word that is allowed; a flag has no text.
Kind: TypeAlias = Number | Whole | tuple[str, ...] | Text


@dataclass(frozen=True)
class Option:
    """One option; `default` is the text that it has when it is not given, if it has one."""

    name: str
    meaning: str
    kind: Kind = "flag"
    metavar: str | None = None
    default: str | None = None
    required: bool = False

    @property
    def key(self) -> str:
        """The option's name as a Python identifier."""
        return self.name.replace("-", "_")


def _share(name: str, meaning: str) -> Option:
    return Option(name, f"Share of the events, such as 5%, that {meaning}.", "share", "SHARE", "0%")


JSON = Option("json", "Answer in JSON.")
CHECK = Option("check", "Tell what is found in the file, and send nothing.")
OUTLET = Option(
    "outlet",
    "null sends to nobody: it measures how fast events are made, and it needs no stack.",
    ("kafka", "file", "null"),
    "kafka|null",
    "kafka",
)
SIMULATE: tuple[Option, ...] = (
    Option(
        "rate",
        "Events per second on average. If it is not given: max with --count alone, else 1000.",
        Number(0.01, 1_000_000, or_max=True),
        "N|max",
    ),
    Option(
        "duration",
        "How long to send. If it is not given: until --count or Ctrl-C.",
        Number(0.1, 31 * 86_400),
        "SECONDS",
    ),
    Option("count", "How many events to send; copies do not count.", Whole(1, _MOST), "N"),
    Option("seed", "Decides all that the shoppers do.", Whole(0, 2**63 - 1), "N", "1"),
    Option("workers", "How many processes share the rate.", Whole(1, 64), "N", "1"),
    Option(
        "time-speed",
        "K seconds of the shop's time pass per second. "
        "The shop's clock starts K × duration ago and ends now.",
        Number(0.01, 100_000),
        "K",
    ),
    Option("run", "The name of the run. If it is not given: a new one.", "name", "NAME"),
    Option(
        "start", "When the shop's clock starts (ISO 8601, UTC), instead of now.", "time", "TIME"
    ),
    Option(
        "shoppers",
        "How many people visit. If it is not given: as many as the rate needs.",
        Whole(100, 2_000_000),
        "N",
    ),
    _share("duplicates", "are sent twice, byte for byte"),
    _share("late", "are 20 minutes to 3 hours old when they are sent"),
    _share("out-of-order", "are sent after others that happened up to a minute later"),
    _share("future", "are dated 15 minutes to 2 hours ahead"),
    _share("malformed", "break one rule"),
    Option(
        "labels",
        "Where to write which orders are fraud. If it is not given: labels.csv in the ledger.",
        "file",
        "FILE",
    ),
    OUTLET,
    JSON,
)
# What a data file of each layout holds.
LAYOUTS: dict[LayoutName, str] = {
    "online-retail": "Order lines of the UCI Online Retail layout.",
    "rees46": "What shoppers do, of the REES46 layout: one click per row, and an order for each "
    "purchase.",
    "orders": "A shop's own export of orders. The exports of Amazon, eBay, Etsy, Shopify and "
    "WooCommerce are known by their headers, and --columns maps any other.",
}
REPLAYED_FILE = (
    "csv, tsv, csv.gz, zip or zst of one csv, xlsx, Parquet, or a pipe (- is the standard input)"
)
# How a file is read, where it must not be as it is found.
READING: tuple[Option, ...] = (
    Option("encoding", "The encoding of the text, such as cp1252.", "encoding", "NAME"),
    Option("separator", "What stands between fields.", (",", ";", "tab", "|"), "CHAR"),
    Option("decimal", "What stands before decimals.", (".", ","), ".|,"),
    Option(
        "dates",
        "Whether 1/12/2010 is in December or in January.",
        ("day-first", "month-first"),
        "day-first|month-first",
    ),
    Option(
        "timezone",
        "The zone of times without an offset, such as Europe/London. It is kept for the data set. "
        "If it is never given: UTC.",
        "zone",
        "NAME",
    ),
    Option("sheet", "The sheet of a workbook with several.", "text", "NAME"),
    Option("multiline", "Texts in quotes may hold line breaks. Then every quote must be closed."),
)

PROPOSE = Option(
    "propose",
    "Write a mapping (TOML), as far as the header and the first rows show it, and send nothing.",
)
COLUMNS = Option(
    "columns",
    "The mapping of the file's columns (TOML). If it is not given: the known one of its header.",
    "file",
    "FILE",
)


def replay_options(layout: LayoutName) -> tuple[Option, ...]:
    """The options with which a data file of a layout is replayed."""
    return (
        Option(
            "speed",
            "1 is as recorded, 60 is a minute per second, max is as fast as possible.",
            # A second in eleven days, and thirty years in one: beyond is a slip of the pen.
            Number(1e-6, 1e9, or_max=True),
            "N|max",
            "max",
        ),
        Option("start", "The first data row to replay.", Whole(1, _MOST), "ROW", "1"),
        Option(
            "limit",
            "How many data rows to replay. If it is not given: all.",
            Whole(1, _MOST),
            "ROWS",
        ),
        Option("rebase-time", "Shift all times so that the newest row happens now."),
        Option(
            "dataset",
            "The data set that the rows belong to. Equal rows of one data set are one event, in "
            "whatever file they come. "
            + (
                "Each shop needs one, here or in its mapping."
                if layout == "orders"
                else "If it is not given: the layout's name."
            ),
            "name",
            "NAME",
        ),
        Option("new-run", "Count the events again, although they were sent before."),
        *((COLUMNS,) if layout == "orders" else ()),
        *READING,
        Option(
            "allow-rejected",
            "Share of the rows that may be unusable. If it is not given: 5% of 100 rows or more.",
            "share",
            "SHARE",
        ),
        CHECK,
        *((PROPOSE,) if layout == "orders" else ()),
        *(_tables() if layout != "rees46" else ()),
        JSON,
    )


def _tables() -> tuple[Option, ...]:
    return tuple(
        Option(
            names,
            f"Table of pattern,{name} to use instead of the shipped one.",
            "file",
            "FILE",
        )
        for names, name in (("categories", "category"), ("regions", "region"))
    )
