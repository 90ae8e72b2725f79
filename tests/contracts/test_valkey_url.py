"""The two forms in which an application is told where Valkey is."""

from __future__ import annotations

import pytest

from contracts.valkey_url import ValkeyUrl

PLAIN = ValkeyUrl((("127.0.0.1", 1), ("127.0.0.1", 2)), passfile="/a home/valkey.pass")
SIGNED = ValkeyUrl((("cache.example", 6379),), user="jobs", cache="shop")


@pytest.mark.parametrize("url", [PLAIN, SIGNED], ids=["plain", "signed"])
def test_what_is_written_is_read(url: ValkeyUrl) -> None:
    assert ValkeyUrl.parse(str(url)) == url


def test_only_a_signed_one_is_encrypted() -> None:
    assert (PLAIN.tls, SIGNED.tls) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("redis://h:1?passfile=f", id="another scheme"),
        pytest.param("valkey://h:1", id="no way in"),
        pytest.param("valkey://h?passfile=f", id="no port"),
        pytest.param("valkeys://h:1?user=u", id="no cache"),
        pytest.param("valkeys://h:1?user=u&cache=c&passfile=f", id="two ways in"),
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is neither valkey://"):
        ValkeyUrl.parse(text)
