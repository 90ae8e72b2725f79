"""Compressed values: what they were before, and never more memory than a value may have."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import HEADER_BYTES, MAX_BODY_BYTES, PLAIN, ZLIB
from contracts.rejections import MAX_VALUE_BYTES
from emr_jobs.transforms.inflate import inflated

ID = bytes(range(16))


def compressed(body: bytes) -> bytes:
    return ZLIB + ID + zlib.compress(body, 9)


@given(st.binary(max_size=2_000), st.integers(0, 9))
def test_a_value_is_what_it_was_whatever_follows_it(body: bytes, behind: int) -> None:
    assert inflated(compressed(body) + b"\xff" * behind) == PLAIN + ID + body


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_value_that_was_cut_is_a_header_alone(body: bytes, data: st.DataObject) -> None:
    whole = compressed(body)
    cut = data.draw(st.integers(HEADER_BYTES, len(whole) - 1))
    assert inflated(whole[:cut]) == PLAIN + ID


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    found = inflated(ZLIB + ID + body)
    assert found is not None
    assert found.startswith(PLAIN + ID)


@pytest.mark.parametrize(
    ("length", "found"),
    [
        pytest.param(MAX_BODY_BYTES - 1, MAX_VALUE_BYTES - 1, id="one byte less than the largest"),
        pytest.param(MAX_BODY_BYTES, MAX_VALUE_BYTES, id="the largest"),
        pytest.param(MAX_BODY_BYTES + 1, MAX_VALUE_BYTES + 1, id="one byte too many"),
        pytest.param(100 * MAX_BODY_BYTES, MAX_VALUE_BYTES + 1, id="a bomb"),
    ],
)
def test_nothing_inflates_beyond_one_byte_too_many(length: int, found: int) -> None:
    value = compressed(bytes(length))
    tracemalloc.start()
    result = inflated(value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result is not None
    assert len(result) == found
    assert peak < 4 * MAX_VALUE_BYTES


def test_a_value_that_is_not_compressed_is_not_shown() -> None:
    assert inflated(None) is None
