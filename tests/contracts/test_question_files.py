"""A broken file of a question is told in one message that names it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from contracts.errors import Usage
from contracts.question_files import found_in

_NUMBERS = count()


@dataclass(frozen=True)
class Thing:
    name: str


GOOD = "from tests.contracts.test_question_files import Thing\nANSWER = Thing('sizes')\n"
BROKEN = {
    "a syntax error": ("def", "cannot be used: SyntaxError"),
    "an import that fails": ("import nowhere_at_all", "cannot be used: ModuleNotFoundError"),
    "a name that is not there": ("ANSWER = Thing()", "cannot be used: NameError"),
    "a column that is not there": ("raise ValueError('no column')", "cannot be used: ValueError"),
    "nothing in it": ("", "has no ANSWER that is of type Thing"),
    "another thing in it": ("ANSWER = 1", "has no ANSWER that is of type Thing"),
    "another question": (GOOD.replace("sizes", "colours"), "is of the question 'colours'"),
}


def found(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Thing, ...]:
    """What a package with this module has."""
    package = f"questions_{next(_NUMBERS)}"
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    (folder / package / "sizes.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    __import__(package)
    path = sys.modules[package].__path__
    return found_in(package, list(path), "ANSWER", Thing, lambda thing: thing.name)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, said = BROKEN[name]
    with pytest.raises(Usage) as error:
        found(tmp_path, text, monkeypatch)
    assert "/sizes.py" in error.value.what
    assert said in error.value.what


def test_a_good_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(tmp_path, GOOD, monkeypatch) == (Thing("sizes"),)
