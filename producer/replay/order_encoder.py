"""Orders of data files as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from contracts.avro.fragments import OrderValues, order_digest, text
from contracts.events import OrderKind, replayed_order_id
from contracts.ledger import Run
from contracts.topics import ORDERS
from producer.replay.file_order import FileOrder
from producer.replay.replaying import EncodedEvent
from producer.replay.values.patterns import PatternTable
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints, version_to_write

# No layout says how an order was paid.
_PAYMENT_METHOD = "unknown"
_MOST_COUNTRIES = 1000


def order_values(endpoints: ProducerEndpoints, run: Run) -> Callable[[str], OrderValues]:
    """What makes the values of a run's orders of a currency; NotReady if the registry does not have
    their schema."""
    schema = version_to_write(endpoints, ORDERS)
    return lambda currency: OrderValues(
        schema,
        run=run.run,
        producer=run.producer,
        currency=currency,
        payment_method=_PAYMENT_METHOD,
    )


class _Said(TypedDict):
    event_time: int
    region: bytes
    order_id: str
    kind: OrderKind
    customer_id: str | None
    line_count: int
    lines: bytes
    total: int
    location: bytes


@dataclass
class OrderEncoder:
    """Makes events of the orders in one `edition` of a file; `values_of` makes those of a currency,
    and `now_us` tells the time of sending."""

    edition: str
    tokens: Tokens
    values_of: Callable[[str], OrderValues]
    regions: PatternTable
    now_us: Callable[[], int]
    _values: dict[str, OrderValues] = field(default_factory=dict)
    _countries: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)

    def encoded(self, block: Sequence[FileOrder], first: int) -> list[EncodedEvent]:
        """The events, numbered from `first` on. On return the vault knows their customers."""
        made = [self._event(order, sequence) for sequence, order in enumerate(block, first)]
        self.tokens.settle()
        return made

    def _event(self, order: FileOrder, sequence: int) -> EncodedEvent:
        location, region = self._countries.get(order.country) or self._country(order.country)
        event_id = replayed_order_id(self.edition, order.order_id, order.kind, order.place)
        values = self._values_in(order.currency)
        customer_id = self.tokens.token_of(order.customer)
        said = _Said(
            event_time=order.event_time,
            region=region,
            order_id=order.order_id,
            kind=order.kind,
            customer_id=customer_id,
            line_count=order.line_count,
            lines=order.lines,
            total=order.total,
            location=location,
        )
        value = values.value(event_id=event_id, sent_at=self.now_us(), sequence=sequence, **said)
        digest = order_digest(currency=values.currency, **said)
        key = (customer_id or order.order_id).encode()
        return EncodedEvent(ORDERS, event_id, order.position, key, value, order.order_id, digest)

    def _values_in(self, currency: str) -> OrderValues:
        if currency not in self._values:
            self._values[currency] = self.values_of(currency)
        return self._values[currency]

    def _country(self, country: str) -> tuple[bytes, bytes]:
        """Country and region, encoded."""
        if len(self._countries) > _MOST_COUNTRIES:
            self._countries.clear()
        region = self.regions.name_of(country)
        made = text(country), text(region)
        self._countries[country] = made
        return made


def order_encoder(
    endpoints: ProducerEndpoints,
    run: Run,
    tokens: Tokens,
    regions: PatternTable,
    now_us: Callable[[], int],
) -> OrderEncoder:
    """Makes events of the orders of a run's file; NotReady if the registry lacks their schema."""
    assert run.source is not None
    return OrderEncoder(run.source.edition, tokens, order_values(endpoints, run), regions, now_us)
