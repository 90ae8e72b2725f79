"""Real orders through real parts: replayed, applied, proved; again, in slices, with and without a
checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.shop import ROOT, SLICE, Shop, open_shop

pytestmark = pytest.mark.e2e

TOTALS = (
    "SELECT count(*), sum(order_count), sum(revenue), sum(cancelled_count), sum(cancelled_amount), "
    "sum(unique_customers), md5(string_agg(window_start::text || category || location || revenue "
    "|| order_count, ',' ORDER BY window_start, category, location, currency)) FROM order_metrics"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.answer("up")
        yield shop


def test_orders_in_slices_across_a_restart_then_again_without_a_checkpoint(shop: Shop) -> None:
    first = shop.replay("--limit", "5000")
    assert first["acknowledged"] == first["attempted"] > 0
    shop.answer("down")
    shop.answer("up")
    second = shop.replay("--start", "5001")
    report = shop.verified("--source", str(SLICE))
    events = first["acknowledged"] + second["acknowledged"]
    assert report["acknowledged"] == report["silver"] == events
    assert report["source"]["mismatched_rows"] == 0
    assert report["duplicate"] == 0

    totals = shop.query(TOTALS)
    again = shop.replay()
    report = shop.verified("--source", str(SLICE))
    assert report["duplicate"] == again["acknowledged"] == events
    assert shop.query(TOTALS) == totals

    shop.answer("down")
    shutil.rmtree(shop.home / "checkpoints")
    shop.answer("up")
    third = shop.replay("--limit", "3000", "--new-run")
    report = shop.verified("--source", str(SLICE))
    assert report["silver"] == events + third["acknowledged"]
    assert report["duplicate"] == events


def test_the_laptop_runs_from_the_zip_and_offsets_show_as_a_kafka_group(shop: Shop) -> None:
    status = shop.answer("status")
    command = " ".join(shop.spark().cmdline())
    assert "-m emr_jobs" in command
    assert shop.spark().environ()["PYTHONPATH"].endswith("code.zip")
    assert len(status["code_sha256"]) == 64


def test_a_file_of_another_kind_is_refused_in_one_line(shop: Shop) -> None:
    done = shop.run("replay", "online-retail", str(ROOT / "README.md"))
    assert done.returncode == 2
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
