"""What the environments cost: every type of theirs has a meter and every choice a price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cdk.settings import ENVIRONMENTS, Compute, EnvironmentSettings, Internet, settings
from ops.commands.cost.environment import Environment, read_templates
from ops.commands.cost.estimate import RIVAL_USD, estimate
from ops.commands.cost.month import LOADS
from ops.commands.cost.prices import read_prices
from tests.architecture.tree import ROOT
from tests.stacks.templates import PLANS, synthesized, texts
from tests.stacks.test_replication import FIRST, SECOND

PAIR = {
    *("msk.connectivity.data", "msk.connectivity.hour", "msk.replicator.data"),
    *("msk.replicator.hour", "regions.data"),
}


def environment(texts: dict[str, str], folder: Path) -> Environment:
    for stack, text in texts.items():
        (folder / f"shopstream-{stack}.template.json").write_text(text)
    for name, plan in PLANS.items():
        (folder / name).write_text(plan)
    return read_templates(folder.glob("*.template.json"))


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_every_environment_can_be_priced(name: str, load: str, tmp_path: Path) -> None:
    made = estimate(name, environment(texts(name), tmp_path), LOADS[load], read_prices())
    assert made.total > 0


@pytest.mark.parametrize("internet", ["endpoints", "nat"])
@pytest.mark.parametrize("compute", ["ec2", "serverless"])
def test_every_option_can_be_priced(compute: Compute, internet: Internet, tmp_path: Path) -> None:
    chosen: EnvironmentSettings = replace(
        settings("production"), compute=compute, internet=internet
    )
    priced = environment(synthesized(chosen), tmp_path)
    assert estimate("production", priced, LOADS["base"], read_prices()).total > 0


@pytest.mark.parametrize(
    ("region", "own"),
    [
        pytest.param(FIRST, {"msk.connectivity.hour", "msk.connectivity.data"}, id="from"),
        pytest.param(
            SECOND, {"msk.replicator.hour", "msk.replicator.data", "regions.data"}, id="to"
        ),
    ],
)
def test_both_regions_of_a_pair_can_be_priced(
    region: EnvironmentSettings, own: set[str], tmp_path: Path
) -> None:
    priced = environment(synthesized(region), tmp_path)
    made = estimate("production", priced, LOADS["base"], read_prices())
    assert {item.price.key for item in made.items} & PAIR == own
    assert sum(item.usd for item in made.items if item.price.key in own) > 0


def test_production_stays_below_what_the_rival_publishes(tmp_path: Path) -> None:
    priced = environment(texts("production"), tmp_path)
    made = estimate("production", priced, LOADS["base"], read_prices())
    assert made.total_at_plus_30_percent < RIVAL_USD


@pytest.mark.parametrize(
    ("compute", "said"),
    [("serverless", "cost {} USD on EMR Serverless"), ("ec2", "holds them costs {} with")],
)
def test_the_page_says_what_compute_costs(compute: Compute, said: str, tmp_path: Path) -> None:
    priced = environment(synthesized(replace(settings("production"), compute=compute)), tmp_path)
    usd = estimate("production", priced, LOADS["base"], read_prices()).group("compute")
    assert said.format(round(usd)) in (ROOT / "docs" / "cost.md").read_text()


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_a_month_at_the_base_load_is_within_the_budget(name: str, tmp_path: Path) -> None:
    made = estimate(name, environment(texts(name), tmp_path), LOADS["base"], read_prices())
    assert made.total <= Decimal(settings(name).monthly_budget)
