"""A free port is kept; a port that a stranger has is replaced, with a message."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import pytest

from local.ports import Claim, choose, claim


def only(taken: Iterable[int], free: Iterable[int] = (5001, 5002, 5003)) -> Claim:
    """A machine on which some ports are taken; free ones are handed out in order."""
    refused, offers = set(taken), iter(free)

    def claim_one(port: int) -> int | None:
        return next(offers) if port == 0 else None if port in refused else port

    return claim_one


@pytest.mark.parametrize(
    ("wanted", "taken", "chosen", "messages"),
    [
        pytest.param({}, [], {"a": 5001, "b": 5002}, 0, id="a first start"),
        pytest.param({"a": 1, "b": 2}, [], {"a": 1, "b": 2}, 0, id="those of before are free"),
        pytest.param({"a": 1, "b": 2}, [1], {"a": 5001, "b": 2}, 1, id="one is taken"),
        pytest.param({"a": 1}, [1], {"a": 5001, "b": 5002}, 1, id="one is taken, one is new"),
        pytest.param({"b": 5001}, [], {"a": 5001, "b": 5002}, 1, id="never the same one twice"),
    ],
)
def test_choose(
    wanted: dict[str, int], taken: list[int], chosen: dict[str, int], messages: int
) -> None:
    ports, said = choose(("a", "b"), wanted, only(taken))
    assert ports == chosen
    assert len(said) == messages


def test_the_message_names_the_port_and_its_part() -> None:
    _ports, said = choose(["postgres"], {"postgres": 5432}, only([5432]))
    assert said == ["port 5432 (postgres) is taken by another program; using 5001"]


def test_a_port_that_a_stranger_listens_on_cannot_be_claimed() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        assert claim(port) is None
    assert claim(port) == port
