"""Errors of every program: exit codes, and what a person and a program are told."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem, NotReady, ShopstreamError, Usage


@pytest.mark.parametrize(
    ("error", "code"), [(ShopstreamError, 1), (Usage, 2), (NotReady, 3), (EnvironmentProblem, 4)]
)
def test_the_class_decides_the_exit_code(error: type[ShopstreamError], code: int) -> None:
    assert error("it failed").as_fields()["exit_code"] == code


def test_a_person_is_told_what_is_known() -> None:
    assert ShopstreamError("it failed").as_lines() == ["error: it failed"]
    full = Usage("no file", cause="a typo", command="ls", log=Path("a.log"))
    assert full.as_lines() == [
        "error: no file",
        "likely cause: a typo",
        "next: ls",
        "log: a.log",
    ]


def test_an_error_passes_from_process_to_process_unchanged() -> None:
    sent = NotReady("no stack", cause="it was stopped", command="shopstream up")
    received = pickle.loads(pickle.dumps(sent))
    assert (type(received), received.as_fields()) == (NotReady, sent.as_fields())
