"""What a proof says when its own files, or those of the lake, cannot be had."""

from __future__ import annotations

import duckdb
import pytest

from contracts.errors import EnvironmentProblem, ShopstreamError
from proof.proving import clear_errors


@pytest.mark.parametrize(
    ("problem", "kind", "said"),
    [
        pytest.param(
            "Could not write file verify.duckdb: No space left on device",
            EnvironmentProblem,
            "does not fit",
            id="a full disk",
        ),
        pytest.param(
            "No magic bytes found at end of file 'a.parquet'",
            ShopstreamError,
            "a file of the lake cannot be read",
            id="a damaged file",
        ),
    ],
)
def test_a_full_disk_is_no_damaged_file(
    problem: str, kind: type[ShopstreamError], said: str
) -> None:
    with pytest.raises(ShopstreamError, match=said) as caught, clear_errors():
        raise duckdb.IOException(problem)
    assert type(caught.value) is kind
