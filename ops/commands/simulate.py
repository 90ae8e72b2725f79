"""`shopstream simulate`: seeded shoppers who browse, buy and sometimes cheat, into the stack."""

from __future__ import annotations

from contracts.producer_options import OUTLET, SIMULATE
from ops.producer import as_words, become, program, takes
from ops.stack import open_stack


@takes(SIMULATE)
def simulate(**given: str | bool | None) -> None:
    """Send clicks, orders and promotions of seeded shoppers, some of them fraud, at a rate. Returns
    at the last acknowledgement and says how many events must end up late, duplicate or in
    quarantine. Ctrl-C ends gracefully."""
    stack = None if given[OUTLET.key] == "null" else open_stack()
    become([*program("simulate"), *as_words(SIMULATE, given)], stack)
