"""Decoding: every value has one outcome, and it is never an exception."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import decode, decode_record, encode, header, schema_id_of
from contracts.events import from_record
from contracts.registry import BundledRegistry, MemoryStore, RegistryUnavailable
from contracts.rejections import REASONS, Rejection
from contracts.schemas import bundled_schemas
from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, TOPICS
from tests.contracts import poison
from tests.contracts.poison import APPEND_TIME, POISON, Poison

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in POISON])
def test_poison_has_its_reason(case: Poison) -> None:
    outcome = decode(case.topic, case.value, case.append_time, REGISTRY)
    assert (outcome.reason if isinstance(outcome, Rejection) else None) == case.reason


def test_every_reason_has_poison() -> None:
    assert {case.reason for case in POISON} - {None} == set(REASONS)


def test_names_of_poison_are_unique() -> None:
    assert len({case.name for case in POISON}) == len(POISON)
