"""Simulated events: valid, in order, decided by the seed alone, with tokens for people."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from contracts.codec import encode
from contracts.events import Click, Order, key_of, simulated_event_id, topic_of
from contracts.rejections import Rejection
from contracts.subjects import subject_token
from producer.simulate.shop.timeline import EVENTS_PER_VISIT, ORDERS_PER_VISIT, Timeline
from tests.producer.simulate.sent_shop import REGISTRY, RUN, SHOP, START, Sent, send

TOKEN = re.compile(r"sub_[a-z2-7]{26}")


@pytest.fixture(scope="module")
def sent() -> Sent:
    return send()


def test_every_event_decodes_and_passes_every_rule(sent: Sent) -> None:
    assert [one for one in sent.outcomes if isinstance(one, Rejection)] == []
    assert len(sent.events()) == 20_000


def test_a_value_is_what_the_codec_writes(sent: Sent) -> None:
    for (topic, key, value), event in zip(sent.outlet.sent, sent.events(), strict=True):
        assert topic == topic_of(event)
        assert value == encode(event, REGISTRY.latest(topic.schema))
        assert key == key_of(event)


def test_ids_are_made_of_run_producer_and_sequence(sent: Sent) -> None:
    sequences = [event.source.sequence for event in sent.events() if not hasattr(event, "rule")]
    assert sorted(sequences) == list(range(20_000))
    for event in sent.events()[:2_000]:
        assert isinstance(event, Click | Order) or hasattr(event, "promotion_id")
        made = simulated_event_id(RUN, "simulate", event.source.sequence)  # type: ignore[union-attr] - no alert is among them
        assert event.event_id == made  # type: ignore[union-attr] - no alert is among them


@settings(max_examples=12)
@given(
    seed=some.integers(0, 2**63 - 1),
    run=some.text("abcXYZ019-._", min_size=1, max_size=64),
    rate=some.floats(0.5, 5_000),
    block=some.integers(1, 700),
)
def test_any_shop_makes_events_that_the_codec_writes(
    seed: int, run: str, rate: float, block: int
) -> None:
    shop = replace(SHOP, seed=seed, events_per_second=rate, shoppers=500)
    sent = send(shop, events=600, block=block, run=run, now=START + 10**12)
    assert len(sent.outlet.sent) == 600
    for (topic, key, value), event in zip(sent.outlet.sent, sent.outcomes, strict=True):
        assert not isinstance(event, Rejection), event
        assert value == encode(event, REGISTRY.latest(topic.schema))
        assert key == key_of(event)


def test_the_same_seed_gives_the_same_bytes(sent: Sent) -> None:
    assert send().outlet.sent == sent.outlet.sent


def test_how_much_is_sent_at_once_changes_no_event(sent: Sent) -> None:
    other = send(block=317)
    for known in ("clicks", "orders", "promotions"):
        assert getattr(other, known)() == getattr(sent, known)()


@pytest.mark.parametrize(
    "other", [replace(SHOP, seed=8), replace(SHOP, worker=1), replace(SHOP, start=START + 1)]
)
def test_another_seed_worker_or_start_gives_other_events(sent: Sent, other: object) -> None:
    assert send(other).outlet.sent[:50] != sent.outlet.sent[:50]  # type: ignore[arg-type] - a parameter is an object to pytest


def test_events_leave_in_the_order_in_which_they_happened(sent: Sent) -> None:
    by_key = defaultdict(list)
    for click in sent.clicks():
        by_key[click.user_id].append(click.event_time)
    assert max(map(len, by_key.values())) > 10
    for times in by_key.values():
        assert times == sorted(times)
    orders = [order.event_time for order in sent.orders()]
    assert orders == sorted(orders)


def test_no_event_is_before_the_start(sent: Sent) -> None:
    assert min(event.event_time for event in sent.events()) >= START


def test_a_session_looks_carts_and_only_then_buys() -> None:
    steps = defaultdict(list)
    for click in send(replace(SHOP, events_per_second=20.0), events=12_000).clicks():
        steps[click.session_id].append(click)
    # The first minutes hold the ends of sessions that began before the start.
    whole = [s for s in steps.values() if s[0].event_time > START + 5 * 60_000_000]
    for session in whole:
        assert len({click.user_id for click in session}) == 1
    kinds = Counter(click.event_type for session in whole for click in session)
    assert kinds["view"] > kinds["cart"] > kinds["remove_from_cart"] > 0
    assert 0 < kinds["purchase"] < kinds["cart"]
    for session in whole:
        carted = Counter(c.product_id for c in session if c.event_type == "cart")
        gone = Counter(c.product_id for c in session if c.event_type == "remove_from_cart")
        bought = Counter(c.product_id for c in session if c.event_type == "purchase")
        assert bought <= carted - gone


def test_people_and_devices_are_tokens_that_the_vault_knows(sent: Sent) -> None:
    known = {subject.token for subject in sent.vault.subjects}
    people = {click.user_id for click in sent.clicks()}
    people |= {order.customer_id for order in sent.orders() if order.customer_id}
    devices = {order.device_id for order in sent.orders() if order.device_id}
    assert all(TOKEN.fullmatch(token) for token in people | devices)
    assert people | devices <= known
    for subject in sent.vault.subjects[:50]:
        assert subject.token == subject_token(bytes(range(32)), subject.kind, subject.real_id)


def test_guests_have_no_account_and_are_keyed_by_order(sent: Sent) -> None:
    guests = [order for order in sent.orders() if order.customer_id is None]
    assert 0.02 < len(guests) / len(sent.orders()) < 0.2
    assert {order.account_created_at for order in guests} == {None}
    members = [order for order in sent.orders() if order.customer_id]
    assert all(
        order.account_created_at is not None and order.account_created_at < order.event_time
        for order in members
    )


def test_the_rate_is_what_was_asked_for() -> None:
    made = Timeline(replace(SHOP, span=20 * 60_000_000)).batches()
    events = seconds = 0.0
    for batch in made:
        events += len(batch.due)
        seconds = (batch.due[-1] - START) / 1e6
        if seconds > 20 * 60:
            break
    assert events / seconds == pytest.approx(SHOP.events_per_second, rel=0.05)


def test_a_visit_leaves_as_many_events_as_the_rate_assumes() -> None:
    timeline = Timeline(SHOP)
    made = timeline.batches()
    next(made)
    visits, events, orders = timeline.visits, 0, 0
    for _ in range(15):
        batch = next(made)
        events, orders = events + len(batch.due), orders + len(batch.orders)
    visits = timeline.visits - visits
    assert events / visits == pytest.approx(EVENTS_PER_VISIT, rel=0.03)
    assert orders / visits == pytest.approx(ORDERS_PER_VISIT, rel=0.05)
