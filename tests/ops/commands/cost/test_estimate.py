"""The estimate: the sum of its lines, nothing forgotten, nothing guessed."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.errors import ShopstreamError
from ops.commands.cost.environment import Environment, Resource, read_templates
from ops.commands.cost.estimate import Estimate, estimate, rounded
from ops.commands.cost.month import LOADS
from ops.commands.cost.prices import GROUPS, PriceTable, read_prices
from tests.ops.commands.cost.environments import environment

TODAY = date(2026, 11, 25)


@pytest.fixture
def table() -> PriceTable:
    return read_prices()


@pytest.fixture
def made(table: PriceTable) -> Estimate:
    return estimate("test", environment(), LOADS["base"], table)


def test_the_total_is_the_table_times_the_quantities(made: Estimate, table: PriceTable) -> None:
    recomputed = sum(item.usage.quantity * table[item.price.key].usd for item in made.items)
    assert made.total == rounded(Decimal(recomputed))


def test_groups_add_up_to_the_total(made: Estimate) -> None:
    assert abs(sum(made.group(group) for group in GROUPS) - made.total) <= Decimal("0.05")
    assert all(made.group(group) > 0 for group in GROUPS)


def test_thirty_percent_on_everything_and_on_what_is_recalled(made: Estimate) -> None:
    recalled = sum(item.usd for item in made.items if item.price.recalled)
    assert 0 < recalled < made.total
    assert made.total_at_plus_30_percent == rounded(made.total * Decimal("1.3"))
    assert made.total_with_recalled_at_plus_30_percent == rounded(
        made.total + rounded(Decimal(recalled)) * Decimal("0.3")
    )


def test_money_is_never_a_float(made: Estimate) -> None:
    def floats(value: object) -> list[object]:
        if isinstance(value, dict):
            return [found for each in value.values() for found in floats(each)]
        if isinstance(value, list):
            return [found for each in value for found in floats(each)]
        return [value] if isinstance(value, float) else []

    assert floats(made.document(Decimal(10), TODAY)) == []


def test_the_document_s_keys(made: Estimate) -> None:
    document = made.document(Decimal(10), TODAY)
    assert set(document) == {
        *("environment", "load", "events_per_second", "region", "currency", "total"),
        *("total_at_plus_30_percent", "total_with_recalled_at_plus_30_percent", "recalled"),
        *("limit", "within_limit", "groups", "items", "growth", "assumptions", "free"),
        *("prices", "comparison"),
    }
    assert set(document["items"][0]) == {
        *("group", "what", "quantity", "unit", "unit_usd", "usd", "share_percent", "price"),
        *("source", "read_on", "recalled"),
    }
    assert all(one["source"] for one in document["items"])


@pytest.mark.parametrize(
    ("above", "within"),
    [
        pytest.param("0.00", True, id="a limit equal to the total passes"),
        pytest.param("-0.01", False, id="a cent less does not"),
    ],
)
def test_the_limit(above: str, within: bool, made: Estimate) -> None:
    limit = made.total + Decimal(above)
    assert made.document(limit, TODAY)["within_limit"] is within


def test_a_type_that_nobody_has_priced_is_no_free_one(table: PriceTable) -> None:
    strange = Environment(
        (
            *environment().resources,
            Resource("Search", "AWS::OpenSearchService::Domain", {}),
        )
    )
    with pytest.raises(ShopstreamError, match="AWS::OpenSearchService::Domain"):
        estimate("test", strange, LOADS["base"], table)


def test_a_setting_without_a_price_is_an_error(table: PriceTable) -> None:
    cluster = {
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {"InstanceType": "express.m7g.16xlarge"},
    }
    large = environment(Kafka=("AWS::MSK::Cluster", cluster))
    with pytest.raises(ShopstreamError, match=r"msk\.express\.m7g\.16xlarge\.hour"):
        estimate("test", large, LOADS["base"], table)


def test_what_a_deployment_s_own_functions_make_costs_what_the_functions_cost(
    table: PriceTable,
) -> None:
    custom = environment(Tables=("Custom::Tables", {}))
    assert "Custom::Tables" in estimate("test", custom, LOADS["base"], table).free


def test_templates_are_read_with_the_stack_s_name(tmp_path: Path) -> None:
    file = tmp_path / "shopstream-dev-data.template.json"
    file.write_text(json.dumps({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}))
    assert read_templates([file]).resources == (Resource("Key", "AWS::KMS::Key", {}),)
