"""Rows of an export grouped into orders, which are held in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.data_files.layouts import FileLayout
from contracts.data_files.mappings import OrderMapping
from contracts.data_files.roles import Role
from contracts.money import decimal_of_minor
from producer.replay.file_order import FileOrder
from producer.replay.files.csv_block import Block, Blocks
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.orders.events import ExportOrder
from producer.replay.orders.rows import RowReader
from producer.replay.survey import Survey
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import RowRejected, TimeLimits, wrong_field_count

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
        self._orders: dict[str, ExportOrder] = {}
        self._good: list[ExportOrder] = []
        # Of each rejected row: where its order begins, and why.
        self._refused: dict[int, tuple[int, RowRejected]] = {}

    def survey(self, file: Blocks) -> Survey:
        """Read all rows, and see which orders they make."""
        survey = Survey()
        self.rows = 0
        self._orders.clear()
        self._refused.clear()
        for block in file.blocks():
            self._add(block, survey)
        self._good = [order for order in self._orders.values() if self._is_good(order, survey)]
        self._good.sort(key=lambda order: order.rows[0])
        for row, (_, why) in sorted(self._refused.items()):
            survey.reject(row, why)
        survey.holds = _held([event for order in self._good for event in self._events(order)])
        return survey

    def events(self, file: Blocks) -> Iterator[FileOrder]:
        """The events of the slice; the survey comes first."""
        texts = dict(self._rejected_texts(file))
        for row, (position, why) in sorted(self._refused.items()):
            if self._chosen.holds(position):
                self._on_rejected(row, why, texts[row])
        for order in self._good:
            if self._chosen.holds(order.rows[0]):
                yield from self._events(order)

    def newest_time(self, file: Blocks) -> int | None:
        """The latest time of the events of the slice; None without any."""
        self.survey(file)
        return max((event.event_time for event in self.events(file)), default=None)

    def close(self) -> None:
        """There is nothing to give back."""

    def _events(self, order: ExportOrder) -> Iterator[FileOrder]:
        return order.events(self._mapping)

    def _add(self, block: Block, survey: Survey) -> None:
        columns = {role: block.columns[at].to_pylist() for role, at in self._places.items()}
        raw = (block.texts or block.columns)[self._priced].to_pylist()
        for index in range(len(block)):
            self.rows += 1
            texts: dict[Role, str] = {role: column[index] for role, column in columns.items()}
            odd = block.odd.get(index)
            if not texts["order"].strip() and self._layout.is_footer(odd or block.row(index)):
                survey.left[FOOTER] += 1
            elif odd is not None:
                self._refuse(self.rows, wrong_field_count(len(odd), block.width))
            else:
                self._take(texts, raw[index])

    def _take(self, texts: dict[Role, str], priced: str) -> None:
        row = self._reader.read(texts, priced)
        if row.order:
            order = self._orders.setdefault(row.order, ExportOrder(row.order))
            order.add(self.rows, row, self._mapping, self._categories)
        if row.rejected is not None:
            self._refuse(self.rows, row.rejected)

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


def _held(events: list[FileOrder]) -> dict[str, str]:
    """How many events of each kind there are, and what they sum to."""
    kinds = Counter(event.kind for event in events)
    totals: Counter[str] = Counter()
    for event in events:
        totals[event.currency] += event.total
    return {
        "events": ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()),
        "total": ", ".join(f"{decimal_of_minor(sum_)} {code}" for code, sum_ in totals.items()),
    }
