"""A plan that is uploaded with places, and what a deployment puts into them."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.aws.published_plan import put_together, taken_apart

UNKNOWN = re.compile(r"\$\{[^}]+\}")


def test_each_unknown_text_has_one_place() -> None:
    text, values = taken_apart(
        '{"a": "s3://${bucket}/x", "b": "${bucket}", "c": "${key}"}', UNKNOWN
    )
    assert text == '{"a": "s3://<<0>>/x", "b": "<<0>>", "c": "<<1>>"}'
    assert values == {"0": "${bucket}", "1": "${key}"}


@given(st.text(), st.text())
def test_any_value_is_put_into_its_place(first: str, second: str) -> None:
    text, values = taken_apart('{"a": "x${one}y", "b": "${two}"}', UNKNOWN)
    found = json.loads(put_together(text, dict(zip(values, (first, second), strict=True))))
    assert found == {"a": f"x{first}y", "b": second}


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        put_together('"<<0>>"', {})
