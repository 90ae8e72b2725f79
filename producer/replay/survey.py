"""What a look at all rows tells before the first event is sent: how many can be used, and why the
others cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from contracts.errors import Usage
from producer.replay.files.csv_block import Block
from producer.replay.files.data_rows import DataRows
from producer.replay.values.row_values import RowRejected, wrong_field_count

# A file of so many rows of which a larger share is unusable is not read as it was meant.
_FEW_ROWS = 100
_MOST_REJECTED = 0.05
_ROWS_NAMED = 10
_TIMES_NAMED = 10

# Says why the plain texts of a row make no event.
Why = Callable[[list[str]], RowRejected | None]


@dataclass
class Survey:
    """Takes all rows of a file. `first` is the first rejected row of each reason, and `open_quote`
    the first that has too few or too many fields and leaves a quote open. `left` counts the rows
    that are meant to make no event. `holds` is what a person may want to know of the events."""

    usable: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[int, RowRejected]] = field(default_factory=dict)
    open_quote: int = 0
    left: Counter[str] = field(default_factory=Counter)
    holds: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.usable + self.rejected.total() + self.left.total()

    def reject(self, row: int, why: RowRejected) -> None:
        """Take a row that cannot be used."""
        self.rejected[why.reason] += 1
        self.first.setdefault(why.reason, (row, why))

    def add(self, block: Block, unusable: Iterable[int], why: Why) -> None:
        before, rejected = self.rows, 0
        for index in unusable:
            rejected += 1
            reason = rejection_of(block, index, why)
            self.reject(before + index + 1, reason)
            if not self.open_quote and _leaves_a_quote_open(block, index):
                self.open_quote = before + index + 1
        self.usable += len(block) - rejected

    def told(self) -> list[str]:
        """Each reason with its number of rows, and with the first of them."""
        told = [
            f"{reason} {count:,} (row {self.first[reason][0]}: {self.first[reason][1].detail})"
            for reason, count in self.rejected.most_common()
        ]
        if self.open_quote:
            told.append(
                f"row {self.open_quote} leaves a quote open (--multiline, if it is closed later)"
            )
        return told


def _leaves_a_quote_open(block: Block, index: int) -> bool:
    return index in block.odd and sum(text.count('"') for text in block.odd[index]) % 2 == 1


def rejection_of(block: Block, index: int, why: Why) -> RowRejected:
    """Why an unusable row makes no event."""
    texts = block.meant(index)
    if texts is None:
        return wrong_field_count(len(block.odd[index]), block.width)
    rejected = why(texts)
    assert rejected is not None
    return rejected


def require_usable(file: DataRows, survey: Survey, allowed: float | None) -> None:
    """Usage if no row, or too few rows, can be used, or if a record of the container is lost."""
    if file.records != file.heads + file.blank + survey.rows:
        raise Usage(
            f"{file.path}: {file.records:,} records are not {file.heads} of the header, "
            f"{file.blank:,} blank ones, {survey.usable:,} read, "
            f"{survey.left.total():,} left out and "
            f"{survey.rejected.total():,} rejected ones",
            cause=f"rows behind row {survey.rows:,} were lost",
        )
    share = survey.rejected.total() / survey.rows
    few = _MOST_REJECTED if survey.rows >= _FEW_ROWS else 1.0
    if share <= (few if allowed is None else allowed) and (survey.usable or allowed == 1):
        return
    raise Usage(
        f"{file.path}: {survey.rejected.total():,} of {survey.rows:,} rows cannot be used: "
        + "; ".join(survey.told()),
        cause="the file is read in another way than it was written: look at --check",
        command=f"--allow-rejected {_percent(share)} sends the other rows",
    )


def _percent(share: float) -> str:
    """A share that is not less, in whole percent."""
    return f"{-int(-share * 100 // 1)}%"


def clock_changes(file: DataRows) -> list[str]:
    """The first times that a change of clocks doubles or skips, with their first rows, and how many
    more there are."""
    clashes = file.meaning.dates.clashes
    rows: dict[str, list[int]] = {}
    counts: Counter[str] = Counter()
    before, date = 0, file.columns.index(file.date)
    for block in file.blocks() if clashes else ():
        column = (block.texts or block.columns)[file.header.positions[date]]
        hit = pa.array([text in clashes for text in column.dictionary.to_pylist()], pa.bool_())
        for index in pc.indices_nonzero(hit.take(column.indices)).to_pylist():
            text = column[index].as_py()
            counts[text] += 1
            if counts[text] <= _ROWS_NAMED:
                rows.setdefault(text, []).append(before + index + 1)
        before += len(block)
    does = {"doubled": "was twice: the earlier is meant", "skipped": "never was: it is rejected"}
    told = [
        f"{text} {does[clashes[text].what]} (row {', '.join(map(str, found))}"
        + (f" and {counts[text] - len(found):,} more)" if counts[text] > len(found) else ")")
        for text, found in islice(rows.items(), _TIMES_NAMED)
    ]
    if len(rows) > _TIMES_NAMED:
        more = counts.total() - sum(counts[text] for text in islice(rows, _TIMES_NAMED))
        told.append(f"so are {len(rows) - _TIMES_NAMED:,} more times, in {more:,} rows")
    return told


def nobody(_row: int, _why: RowRejected, _fields: list[str]) -> None:
    """Takes rejected rows that nobody asks for."""
