"""Orders of the Online Retail layout as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.avro import fragments
from contracts.events import replayed_event_id
from contracts.topics import ORDERS
from producer.replay.files.patterns import PatternTable
from producer.replay.online_retail.orders import RetailOrder
from producer.replay.replaying import EncodedEvent
from producer.subjects import Tokens

CURRENCY = "GBP"
PAYMENT_METHOD = "unknown"
_MOST_PLACES = 1000


@dataclass
class OrderEncoder:
    """Makes the events of one `edition` of a file; `now_us` tells when they are sent."""

    edition: str
    tokens: Tokens
    values: fragments.OrderValues
    regions: PatternTable
    now_us: Callable[[], int]
    _places: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)

    def messages(self, block: Sequence[RetailOrder], first: int) -> list[EncodedEvent]:
        """The events, numbered from `first` on; the vault knows their customers on return."""
        made = [self._message(order, sequence) for sequence, order in enumerate(block, first)]
        self.tokens.settle()
        return made

    def _message(self, order: RetailOrder, sequence: int) -> EncodedEvent:
        location, region = self._places.get(order.country) or self._place(order.country)
        event_id = replayed_event_id(self.edition, order.position)
        customer_id = self.tokens.of(order.customer)
        value = self.values.value(
            event_id=event_id,
            event_time=order.event_time,
            sent_at=self.now_us(),
            region=region,
            sequence=sequence,
            order_id=order.order_id,
            kind=order.kind,
            customer_id=customer_id,
            line_count=order.line_count,
            lines=order.lines,
            total=order.total,
            location=location,
        )
        key = (customer_id or order.order_id).encode()
        return EncodedEvent(ORDERS, event_id, order.position, key, value)

    def _place(self, country: str) -> tuple[bytes, bytes]:
        """Country and region, encoded."""
        if len(self._places) > _MOST_PLACES:
            self._places.clear()
        region = self.regions.name_of(country)
        made = fragments.text(country), fragments.text(region)
        self._places[country] = made
        return made
