"""What the default pack finds in simulated orders, and the orders themselves."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from contracts.errors import ShopstreamError
from ops.commands.fraud.simulated import SimulatedFinding, draw, evaluate
from proof.alerts.rules import default_rules

SEED = 8
ORDERS = 100_000


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sample") / "orders.parquet"
    draw(SEED, ORDERS, file)
    return file


@pytest.fixture(scope="module")
def found(sample: Path) -> SimulatedFinding:
    return evaluate(sample, default_rules(), sample.parent)


def test_every_rule_finds_fraud_and_honest_orders(found: SimulatedFinding) -> None:
    assert set(found.rules) == {rule["name"] for rule in default_rules()}
    for name, one in found.rules.items():
        assert 0 < one.measure.both < one.measure.called, name


def test_what_is_missed_is_named(found: SimulatedFinding) -> None:
    document = found.document()
    assert document["scenarios"]["quiet"]["found"] == 0
    assert document["latency_seconds"]["never"] > 0
    assert sum(one.orders for one in found.scenarios.values()) == found.overall.fraud
    assert sum(one.found for one in found.scenarios.values()) == found.overall.both


def test_an_alert_waits_for_nothing_that_happened_before_it(found: SimulatedFinding) -> None:
    p50, p95, p99 = found.latency.seconds.values()
    assert p50 is not None and p95 is not None and p99 is not None
    assert 0 <= p50 <= p95 <= p99 < 3_600


def test_the_sample_has_so_many_orders_and_is_the_same_each_time(
    sample: Path, tmp_path: Path
) -> None:
    table = pq.read_table(sample)
    assert table["kind"].to_pylist().count("placed") == ORDERS
    assert len(set(table["event_id"].to_pylist())) == len(table)
    draw(SEED, ORDERS, tmp_path / "again.parquet")
    assert pq.read_table(tmp_path / "again.parquet").equals(table)


def test_a_sample_that_cannot_be_written_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "orders.parquet"
    taken.touch()
    with pytest.raises(ShopstreamError, match="could not be made"):
        draw(SEED, 1_000, taken)
    assert "cannot be written: File exists" in capfd.readouterr().err
