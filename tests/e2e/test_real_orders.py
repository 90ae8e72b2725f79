"""Real orders through real parts: replayed in slices, applied, proved; without a checkpoint, and
again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from contracts.applications import APPLICATIONS, Application
from contracts.topics import ORDERS
from lambdas.canary import handler as canary
from lambdas.operations import handler as operations
from tests.shop import ROOT, SLICE, Shop, eventually, open_shop

pytestmark = pytest.mark.e2e

TOTALS = (
    "SELECT count(*), sum(order_count), sum(revenue), sum(cancelled_count), sum(cancelled_amount), "
    "sum(unique_customers), md5(string_agg(window_start::text || category || location || revenue "
    "|| order_count, ',' ORDER BY window_start, category, location, currency)) FROM order_metrics"
)


# What a user's shell may hold for other programs. Each alone once broke a command.
OF_OTHERS = {
    "PGPASSWORD": "wrong",
    "PGHOSTADDR": "192.0.2.1",
    "PGSSLMODE": "verify-full",
    "PGOPTIONS": "-c no_such_setting=1",
    "PGSERVICE": "none",
    "PGTARGETSESSIONATTRS": "standby",
    "PGCHANNELBINDING": "require",
    "PGGSSENCMODE": "require",
    "PGTZ": "Asia/Tokyo",
    "PYTHONHOME": "/nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "JAVA_HOME": "/nowhere",
    "JAVA_TOOL_OPTIONS": "-Xmx1m",
    "_JAVA_OPTIONS": "-Xmx1m",
    "CLASSPATH": "/nowhere",
    "SPARK_HOME": "/nowhere",
    "SPARK_CONF_DIR": "/nowhere",
    "PYSPARK_PYTHON": "/nowhere",
    "PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell",
    "KAFKA_HEAP_OPTS": "-Xmx1m",
    "HADOOP_CONF_DIR": "/nowhere",
    "TZ": "Asia/Kolkata",
    "LC_ALL": "tr_TR.ISO-8859-9",
    "LANG": "C",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Its user's shell is set for other programs, and has packages that are named as ours are."""
    modules = tmp_path_factory.mktemp("modules")
    for name in ("contracts", "local", "ops"):
        (modules / f"{name}.py").write_text("raise RuntimeError('not ours')\n")
    environment = OF_OTHERS | {"PYTHONPATH": str(modules)}
    with open_shop(tmp_path_factory.mktemp("shop"), environment=environment) as shop:
        shop.up()
        yield shop


def test_orders_in_slices_across_a_restart_without_a_checkpoint_then_again(shop: Shop) -> None:
    first = shop.replay("--limit", "5000")
    assert first["acknowledged"] == first["attempted"] > 0
    shop.answer("down")
    shutil.rmtree(shop.home / "checkpoints")
    shop.up()
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

    third = shop.replay("--limit", "3000", "--new-run")
    report = shop.verified("--source", str(SLICE))
    assert report["silver"] == events + third["acknowledged"]
    assert report["duplicate"] == events


def test_the_applications_run_from_the_zip_that_status_names(shop: Shop) -> None:
    assert "-m emr_jobs" in " ".join(shop.spark().cmdline())
    code = Path(shop.spark().environ()["PYTHONPATH"])
    assert code == shop.home / "code" / "code.zip"
    assert shop.answer("status")["code_sha256"] == hashlib.sha256(code.read_bytes()).hexdigest()


def test_a_canary_reaches_postgres_and_no_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, before = shop.status(), shop.query(TOTALS)
    monkeypatch.setenv("KAFKA", status["bootstrap_servers"])
    monkeypatch.setenv("POSTGRES_URL", status["postgres"])
    monkeypatch.setenv("REGISTRY", "bundled")
    monkeypatch.setenv("PATIENCE_SECONDS", "60")
    assert 0 < canary.handle({"id": "e2e"}, None)["seconds"] < 60
    assert shop.query("SELECT count(*) FROM orders WHERE canary") == [(1,)]
    seen = operations.handle({"action": "tail", "topic": ORDERS.name, "last": 5}, None)
    assert len(seen["records"]) == 5
    assert seen["records"][-1]["event"]["source"]["producer"] == "canary"
    asked = operations.handle({"action": "tail", "topic": "no-such-topic"}, None)
    assert "there is no topic 'no-such-topic'" in asked["error"]
    assert shop.query(TOTALS) == before


@pytest.mark.parametrize(
    "application",
    [application for application in APPLICATIONS if ORDERS in application.reads],
    ids=lambda application: application.name,
)
def test_applied_offsets_show_as_a_kafka_group(shop: Shop, application: Application) -> None:
    admin = KafkaAdminClient(bootstrap_servers=shop.status()["bootstrap_servers"])
    applied = dict(
        shop.query(
            'SELECT "partition", until FROM progress '
            f"WHERE application = '{application.name}' AND topic = '{ORDERS.name}'"
        )
    )

    def published() -> dict[int, int]:
        found = admin.list_group_offsets(application.group)[application.group]
        return {p.partition: o.offset for p, o in found.items() if p.topic == ORDERS.name}

    assert applied
    eventually(lambda: published() == applied, f"{application.group} is where the progress is")
    admin.close()


def test_a_file_of_another_kind_is_refused_in_one_line(shop: Shop) -> None:
    said = shop.refused("replay", "online-retail", str(ROOT / "README.md"), code=2)
    assert "README.md" in said
