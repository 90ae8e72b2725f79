"""The layout REES46: what shoppers do, one click per row, and an order for each purchase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from contracts.avro.fragments import ClickValues, OrderValues, text
from contracts.data_files.layouts import REES46
from contracts.events import NO_PLACE_RECORDED, replayed_click_id, replayed_purchase_id
from contracts.ledger import Run
from contracts.rejections import LATEST_TIME_US
from contracts.topics import CLICKS, ORDERS, Topic
from producer.replay.files.csv_block import Blocks
from producer.replay.files.data_rows import DataRows, opened
from producer.replay.files.given import Given
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.order_encoder import order_values
from producer.replay.rees46.steps import Step, Steps
from producer.replay.replaying import EncodedEvent
from producer.replay.survey import nobody
from producer.replay.values.row_values import TimeLimits
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints, version_to_write

_NO_LOCATION = text(NO_PLACE_RECORDED)


class Rees46:
    """Clicks, and orders of one piece. The file has no region and no location; prices are USD."""

    file = REES46
    topics: Sequence[Topic] = (CLICKS, ORDERS)
    noun = "events"
    names_people_in_ids = True
    categories_sha256 = ""
    regions_sha256 = ""

    def opened(self, path: Path, given: Given) -> AbstractContextManager[DataRows]:
        return opened(path, self.file, given)

    def newest_time(self, file: Blocks, chosen: RowSlice) -> int | None:
        limits = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
        return self.reading(limits, chosen, nobody).newest_time(file)

    def reading(self, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected) -> Steps:
        return Steps(limits=limits, chosen=chosen, on_rejected=on_rejected)

    def encoder(
        self, endpoints: ProducerEndpoints, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> StepEncoder:
        assert run.source is not None
        clicks = ClickValues(
            version_to_write(endpoints, CLICKS),
            run=run.run,
            producer=run.producer,
            region=NO_PLACE_RECORDED,
        )
        orders = order_values(endpoints, run)(REES46.currency)
        return StepEncoder(run.source.edition, tokens, clicks, orders, now_us)


@dataclass
class StepEncoder:
    """Makes the events of one `edition` of a file; `now_us` tells the time of sending."""

    edition: str
    tokens: Tokens
    clicks: ClickValues
    orders: OrderValues
    now_us: Callable[[], int]

    def encoded(self, block: Sequence[Step], first: int) -> list[EncodedEvent]:
        """The events, numbered from `first` on. On return the vault knows their users."""
        made: list[EncodedEvent] = []
        for step in block:
            made.extend(self._events(step, first + len(made)))
        self.tokens.settle()
        return made

    def _events(self, step: Step, sequence: int) -> Iterator[EncodedEvent]:
        user_id = self.tokens.token_of(step.user)
        assert user_id is not None
        event_id = replayed_click_id(self.edition, step.content, step.place)
        value = self.clicks.value(
            event_id=event_id,
            event_time=step.event_time,
            sent_at=self.now_us(),
            sequence=sequence,
            event_type=step.event_type,
            user_id=user_id,
            looked_at=step.looked_at,
        )
        yield EncodedEvent(CLICKS, event_id, step.position, user_id.encode(), value)
        if step.event_type == "purchase":
            yield self._order(step, sequence + 1, user_id, replayed_purchase_id(event_id))

    def _order(self, step: Step, sequence: int, customer_id: str, event_id: str) -> EncodedEvent:
        """The order of a purchase. The file numbers no orders, so the event's id is its number."""
        value = self.orders.value(
            event_id=event_id,
            event_time=step.event_time,
            sent_at=self.now_us(),
            region=_NO_LOCATION,
            sequence=sequence,
            order_id=event_id,
            kind="placed" if step.total > 0 else "adjustment",
            customer_id=customer_id,
            line_count=1,
            lines=step.line,
            total=step.total,
            location=_NO_LOCATION,
        )
        return EncodedEvent(ORDERS, event_id, step.position, customer_id.encode(), value)
