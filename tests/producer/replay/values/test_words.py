"""Ids that a tool took for numbers, and words that stand for nothing."""

from __future__ import annotations

import pytest

from producer.replay.values.words import id_of, lost_digits, named


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NULL", "\\N", "None", "<NA>"])
def test_words_that_stand_for_nothing(text: str) -> None:
    assert named(text) == id_of(text) == ""


@pytest.mark.parametrize("text", ["NA", "Nancy", "0"])
def test_words_that_do_not(text: str) -> None:
    assert named(text) == text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("17850.0", "17850"),
        ("5.36365E+05", "536365"),
        ("1.7850e4", "17850"),
        ("1.7850E+3", "1785"),
        ("85123A", "85123A"),
        ("1.5", "1.5"),
        ("007", "007"),
    ],
)
def test_an_id_is_what_it_was(text: str, known: str) -> None:
    assert id_of(text) == known
    assert not lost_digits(text)


@pytest.mark.parametrize("text", ["1.515915625441994e+18", "5E+5"])
def test_an_id_whose_digits_are_lost_stays(text: str) -> None:
    assert id_of(text) == text
    assert lost_digits(text)
