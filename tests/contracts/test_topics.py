"""The ids of topics, as clients print them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from uuid import UUID

import pytest

from contracts.topics import topic_id_text

# Its base 64 has characters that the two alphabets write differently.
ID = "fbefbeff-0000-4000-8000-fffefdfcfbfa"


@pytest.mark.parametrize(
    "printed",
    [
        ID,
        ID.upper(),
        urlsafe_b64encode(UUID(ID).bytes).decode().rstrip("="),
        b64encode(UUID(ID).bytes).decode().rstrip("="),
    ],
)
def test_every_way_of_printing_an_id_is_one_text(printed: str) -> None:
    assert topic_id_text(printed) == ID


def test_what_is_not_an_id_stays_as_it_is() -> None:
    assert topic_id_text("1") == "1"
