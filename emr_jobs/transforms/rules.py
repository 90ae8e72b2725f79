"""Ordered rules as columns: the first that holds gives the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from contracts.rejections import Reason


@dataclass(frozen=True)
class Rule:
    """A reason, what to say with it, and when it holds; a null condition does not hold."""

    reason: Reason
    detail: Column | str
    broken: Column


def first_reason(rules: Sequence[Rule], *, unless: Column) -> Column:
    """`unless` where it is not null, else the reason of the first broken rule, else null."""
    chain = F.when(unless.isNotNull(), unless)
    for rule in rules:
        chain = chain.when(rule.broken, F.lit(rule.reason))
    return chain


def first_detail(rules: Sequence[Rule], *, unless: Column) -> Column:
    """What goes with `first_reason`; its conditions are looked at again, so ask it of the refused
    rows alone."""
    chain = F.when(unless.isNotNull(), unless)
    for rule in rules:
        chain = chain.when(rule.broken, rule.detail)
    return chain
