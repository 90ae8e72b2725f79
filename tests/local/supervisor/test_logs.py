"""Logs stay small, and the last word of a program is found in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.supervisor.logs import last_word, previous, rotate, tail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("stopped: a gap\n", "a gap", id="alone on a line"),
        pytest.param("12:00 ERROR jobs stopped: a gap\n", "a gap", id="behind a logger's prefix"),
        pytest.param("stopped: old\nstopped: new\nat x\n", "new", id="the last one counts"),
        pytest.param("unstopped: no\n", "", id="part of another word"),
        pytest.param("all went well\n", "", id="never said"),
    ],
)
def test_last_word(text: str, reason: str) -> None:
    assert last_word(text) == reason


def test_a_log_past_its_limit_is_moved_aside_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert rotate(log, limit=100)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert previous(log).read_bytes() == b"x" * 100


def test_a_small_log_and_a_missing_one_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    assert not rotate(log, limit=100)
    log.write_bytes(b"x" * 99)
    assert not rotate(log, limit=100)


def test_tail_is_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    assert tail(log) == ""
    log.write_text("0123456789")
    assert tail(log, limit=4) == "6789"
