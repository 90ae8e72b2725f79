"""Covered offsets as a snapshot property."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.stores.lake import decode_until, encode_until

UNTIL = st.dictionaries(
    st.tuples(st.uuids().map(str), st.integers(0, 1000)), st.integers(0, 2**63 - 1), max_size=20
)


@given(UNTIL)
def test_what_is_written_is_read_back(until: dict[tuple[str, int], int]) -> None:
    assert decode_until(encode_until(until)) == until


@given(UNTIL)
def test_equal_accounts_are_equal_texts(until: dict[tuple[str, int], int]) -> None:
    assert encode_until(dict(reversed(until.items()))) == encode_until(until)
