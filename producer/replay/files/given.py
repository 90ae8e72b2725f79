"""What a person says of a data file; what they do not say is found."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from producer.replay.values.dates import DateOrder
from producer.replay.values.numbers import Decimal


@dataclass(frozen=True)
class Given:
    """Options of a replay that decide how its file is read; empty where they were not given.
    `columns` is the mapping of an export, as JSON."""

    encoding: str = ""
    separator: str = ""
    decimal: Decimal | None = None
    dates: DateOrder | None = None
    timezone: str = ""
    sheet: str = ""
    multiline: bool = False
    columns: str = ""

    def as_texts(self) -> dict[str, str]:
        """What was given, as the ledger keeps it."""
        return {name: str(value) for name, value in asdict(self).items() if value}
