"""What a meter counts: so much of something that has a price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from ops.commands.cost.environment import Environment
from ops.commands.cost.workload import Load

Group = Literal["network", "kafka", "compute", "stores", "lake", "functions", "observability"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True)
class Usage:
    """`quantity` in the unit of the price `price`, of one month."""

    group: Group
    what: str
    quantity: Decimal
    price: str


# Counts what all resources of one type use under a load.
Meter = Callable[[Environment, Load], Iterable[Usage]]
