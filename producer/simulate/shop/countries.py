"""Where simulated shoppers live, what they pay in, and when they are awake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.rule_packs import LocationIn, default_pack
from contracts.times import HOUR_US


@dataclass(frozen=True)
class Country:
    """`weight` is the country's part of all visits, and `utc_offset` the hours of its clock."""

    name: str
    region: str
    currency: str
    weight: int
    utc_offset: int


COUNTRIES: tuple[Country, ...] = (
    Country("United Kingdom", "united-kingdom", "GBP", 30, 0),
    Country("Germany", "western-europe", "EUR", 14, 1),
    Country("France", "western-europe", "EUR", 11, 1),
    Country("Netherlands", "western-europe", "EUR", 6, 1),
    Country("Spain", "southern-europe", "EUR", 6, 1),
    Country("Italy", "southern-europe", "EUR", 6, 1),
    Country("Sweden", "northern-europe", "EUR", 4, 1),
    Country("Poland", "eastern-europe", "EUR", 4, 1),
    Country("United States", "americas", "USD", 12, -5),
    Country("Canada", "americas", "USD", 3, -5),
    Country("United Arab Emirates", "middle-east", "USD", 2, 4),
    Country("Australia", "asia-pacific", "USD", 2, 10),
)
# Where an order seems to come from if the shopper hides: the names that the rule pack suspects.
HIDDEN: tuple[str, ...] = tuple(
    location
    for rule in default_pack().rules
    if isinstance(rule, LocationIn)
    for location in rule.locations
)
LOCATIONS: tuple[str, ...] = (*(country.name for country in COUNTRIES), *HIDDEN)
CURRENCIES: tuple[str, ...] = tuple(sorted({country.currency for country in COUNTRIES}))
# By country, the index of its currency in `CURRENCIES`.
CURRENCY_BY_COUNTRY = np.array([CURRENCIES.index(country.currency) for country in COUNTRIES])

# Visits by hour of the local day, relative to each other: quiet nights, a lunch break and evenings
# at home.
_VISITS_BY_HOUR = np.array(
    [
        *(30, 18, 12, 10, 12, 22, 45, 75, 95, 110, 120, 128),
        *(138, 132, 120, 118, 124, 138, 160, 190, 210, 195, 130, 68),
    ],
    dtype=np.float64,
)
_RHYTHM = _VISITS_BY_HOUR / _VISITS_BY_HOUR.mean()
_WEIGHTS = np.array([country.weight for country in COUNTRIES], dtype=np.float64)
_OFFSETS = np.array([country.utc_offset for country in COUNTRIES], dtype=np.float64)


def visits_by_country(time: int) -> NDArray[np.float64]:
    """How busy each country is at a time (microseconds UTC). The mean of a day is its share."""
    hour = (time / HOUR_US + _OFFSETS) % 24
    rhythm = np.interp(hour, np.arange(25), np.append(_RHYTHM, _RHYTHM[0]))
    busy: NDArray[np.float64] = _WEIGHTS / _WEIGHTS.sum() * rhythm
    return busy


def mean_visits(start: int, span: int) -> float:
    """How busy the whole shop is on average in [start, start + span); the mean of a day is 1."""
    moments = start + (np.arange(96) + 0.5) * span / 96
    return float(np.mean([visits_by_country(int(moment)).sum() for moment in moments]))
