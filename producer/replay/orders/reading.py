"""Rows of an export grouped into orders, whose events are kept on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from contracts.data_files.layouts import FileLayout
from contracts.data_files.mappings import OrderMapping
from contracts.money import decimal_of_minor
from producer.replay.file_order import FileOrder
from producer.replay.files.csv_block import Block, Blocks
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.scratch import gathered
from producer.replay.orders.events import ExportOrder
from producer.replay.orders.rows import RowReader
from producer.replay.orders.sorted_events import SortedEvents
from producer.replay.survey import Survey
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import RowRejected, TimeLimits, wrong_field_count
from producer.replay.values.words import id_of

# Rows that are meant to make no event.
SUMMARY, FOOTER, NO_ORDER = "summary rows", "footer rows", "rows that are no order"


class ExportReading:
    """Reads the orders of an export; `rows` is the number of the last row that was read. `priced`
    is where the price stands among all columns of the file."""

    def __init__(
        self,
        mapping: OrderMapping,
        layout: FileLayout,
        priced: int,
        *,
        limits: TimeLimits,
        categories: PatternTable,
        chosen: RowSlice,
        on_rejected: OnRejected,
    ) -> None:
        self.rows = 0
        self._mapping = mapping
        self._layout = layout
        self._priced = priced
        self._places = {role: layout.columns.index(name) for role, name in mapping.columns.items()}
        self._reader = RowReader(mapping, limits)
        self._categories = categories
        self._chosen = chosen
        self._on_rejected = on_rejected
        self._left = {status.casefold() for status in mapping.not_orders}
        self._schema = pa.schema(
            [
                *(("row", pa.int64()), ("key", pa.string()), ("priced", pa.string())),
                *((role, pa.string()) for role in self._places),
            ]
        )
        self._sorted: SortedEvents | None = None
        # Of each rejected row: where its order begins, and why. Memory grows with these alone.
        self._refused: dict[int, tuple[int, RowRejected]] = {}

    def survey(self, file: Blocks) -> Survey:
        """Read all rows, and see which orders they make."""
        survey = Survey()
        self.rows = 0
        self._refused.clear()
        self.close()
        self._sorted = SortedEvents()
        held = _Held()
        for order in self._orders(file, survey):
            if self._is_good(order, survey):
                for event in order.events(self._mapping):
                    self._sorted.add(event)
                    held.add(event)
        for row, (_, why) in sorted(self._refused.items()):
            survey.reject(row, why)
        survey.holds = held.told()
        return survey

    def events(self, file: Blocks) -> Iterator[FileOrder]:
        """The events of the slice; the survey comes first."""
        assert self._sorted is not None
        texts = dict(self._rejected_texts(file))
        for row, (position, why) in sorted(self._refused.items()):
            if self._chosen.holds(position):
                self._on_rejected(row, why, texts[row])
        yield from self._sorted.within(self._chosen)

    def newest_time(self, file: Blocks) -> int | None:
        """The latest time of the events of the slice; None without any."""
        self.survey(file)
        assert self._sorted is not None
        return self._sorted.newest(self._chosen)

    def close(self) -> None:
        """Give back the disk that the events take."""
        if self._sorted is not None:
            self._sorted.close()
            self._sorted = None

    def _orders(self, file: Blocks, survey: Survey) -> Iterator[ExportOrder]:
        """What the rows of each number tell, one order after the other."""
        order: ExportOrder | None = None
        batches = (self._batch(block, survey) for block in file.blocks())
        for batch in gathered(batches, self._schema, "key"):
            for texts in batch.to_pylist():
                number, priced = texts.pop("row"), texts.pop("priced")
                row = self._reader.read(texts, priced)
                if row.order:
                    if order is None or order.number != row.order:
                        yield from [] if order is None else [order]
                        order = ExportOrder(row.order)
                    order.add(number, row, self._mapping, self._categories)
                if row.rejected is not None:
                    self._refuse(number, row.rejected)
        yield from [] if order is None else [order]

    def _batch(self, block: Block, survey: Survey) -> pa.RecordBatch:
        """The rows of a block that may tell of an order, each with the number of its order."""
        numbers = block.columns[self._places["order"]].to_pylist()
        kept = [at for at in range(len(block)) if self._is_of_an_order(block, at, numbers, survey)]
        priced = (block.texts or block.columns)[self._priced]
        arrays = [
            pa.array([self.rows + at + 1 for at in kept], pa.int64()),
            pa.array([id_of(numbers[at]) for at in kept], pa.string()),
            *(
                pa.array(map(column.to_pylist().__getitem__, kept), pa.string())
                for column in (priced, *(block.columns[at] for at in self._places.values()))
            ),
        ]
        self.rows += len(block)
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _is_of_an_order(self, block: Block, index: int, numbers: list[str], survey: Survey) -> bool:
        """Whether a row is one; what is none is counted."""
        odd = block.odd.get(index)
        if not numbers[index].strip() and self._layout.is_footer(odd or block.row(index)):
            survey.left[FOOTER] += 1
        elif odd is not None:
            self._refuse(self.rows + index + 1, wrong_field_count(len(odd), block.width))
        else:
            return True
        return False

    def _refuse(self, row: int, why: RowRejected, position: int = 0) -> None:
        self._refused[row] = (position or row, why)

    def _is_good(self, order: ExportOrder, survey: Survey) -> bool:
        """Whether the rows make an order; those that make none are counted."""
        if self._left & order.statuses:
            # What was never sold may have neither pieces nor a price.
            for row in order.rejected:
                del self._refused[row]
            survey.left[NO_ORDER] += len(order.rows + order.summaries + order.rejected)
            return False
        why = order.why_unusable(self._mapping)
        if why is not None:
            rows = order.rows or order.summaries
            for row in rows:
                self._refuse(row, why, rows[0])
        if order.rows and order.summaries:
            survey.left[SUMMARY] += len(order.summaries)
        survey.usable += len(order.rows) if why is None else 0
        return why is None

    def _rejected_texts(self, file: Blocks) -> Iterator[tuple[int, list[str]]]:
        before = 0
        for block in file.blocks() if self._refused else ():
            for index in range(len(block)):
                if before + index + 1 in self._refused:
                    yield before + index + 1, block.row(index)
            before += len(block)


class _Held:
    """How many events of each kind there are, and what they sum to."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()

    def add(self, event: FileOrder) -> None:
        self._kinds[event.kind] += 1
        self._totals[event.currency] += event.total

    def told(self) -> dict[str, str]:
        totals = self._totals.items()
        return {
            "events": ", ".join(f"{count:,} {kind}" for kind, count in self._kinds.items()),
            "total": ", ".join(f"{decimal_of_minor(sum_)} {code}" for code, sum_ in totals),
        }
