"""What spark-submit is told: one command line, one set of properties, a fingerprint of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.applications import INGEST, ORDER_ANSWERS, Endpoints
from contracts.aws.releases import JOBS_PYTHON
from contracts.aws.spark_submit import Package, Platform, Sizes, Submission, local_words

ENDPOINTS = Endpoints(
    bootstrap_servers="b-1:9098",
    kafka_auth="msk-iam",
    registry="glue:shopstream-dev-schemas",
    catalog="glue",
    warehouse="s3://lake/warehouse",
    checkpoint="s3://lake/checkpoints",
    postgres="postgresql://jobs@db/shop?sslmode=verify-full",
    postgres_auth="rds-iam",
    metrics="logs:shopstream-dev-jobs",
)
PACKAGE = Package(
    "s3://a/code.zip", "s3://a/main.py", ("s3://a/1.jar", "s3://a/2.jar"), "s3://a/d.zip"
)
ORDERS = Submission(ORDER_ANSWERS, PACKAGE, "yarn", Sizes(), ENDPOINTS, 5, "eu-central-1")


@pytest.mark.parametrize(
    ("changed", "restarts"),
    [
        pytest.param(
            replace(ORDERS, endpoints=replace(ENDPOINTS, bootstrap_servers="b-9:9098")),
            False,
            id="other brokers",
        ),
        pytest.param(
            replace(ORDERS, endpoints=replace(ENDPOINTS, postgres="postgresql://x")),
            True,
            id="another database",
        ),
        pytest.param(
            replace(ORDERS, package=replace(PACKAGE, code="s3://a/new.zip")), True, id="new code"
        ),
        pytest.param(replace(ORDERS, sizes=Sizes(executors=3)), True, id="another executor"),
        pytest.param(replace(ORDERS, trigger=10), True, id="another trigger"),
        pytest.param(replace(ORDERS, application=INGEST), True, id="another application"),
        pytest.param(replace(ORDERS), False, id="the same"),
    ],
)
def test_a_restart_is_needed_when_the_fingerprint_changes(
    changed: Submission, restarts: bool
) -> None:
    assert (changed.fingerprint != ORDERS.fingerprint) is restarts


def test_a_step_is_one_spark_submit_with_the_command_line_at_its_end() -> None:
    words = ORDERS.step_words(tag="shopstream-orders-1", take_over=True)
    assert words[:5] == [
        "spark-submit",
        "--deploy-mode",
        "cluster",
        "--name",
        "shopstream-orders-1",
    ]
    entry = words.index(PACKAGE.entry)
    assert words[entry + 1 :] == ORDERS.arguments(take_over=True)
    assert words[-1] == "--take-over"
    assert words[5:7] == ["--jars", ",".join(PACKAGE.jars)]
    assert words[7:entry:2] == ["--conf"] * ((entry - 7) // 2)
    assert "spark.yarn.tags=shopstream-orders-1" in words
    assert "spark.submit.pyFiles=s3://a/code.zip" in words


@pytest.mark.parametrize("platform", ["yarn", "serverless"])
def test_driver_and_executors_are_alike(platform: Platform) -> None:
    properties = replace(ORDERS, platform=platform).configuration()
    assert (
        properties["spark.driver.extraJavaOptions"] == properties["spark.executor.extraJavaOptions"]
    )
    assert (
        "org.apache.avro.limits.string.maxLength" in properties["spark.executor.extraJavaOptions"]
    )
    assert properties["spark.archives"] == "s3://a/d.zip#dependencies"
    paths = [value for name, value in properties.items() if name.endswith(".PYTHONPATH")]
    assert paths == ["dependencies", "dependencies"]


@pytest.mark.parametrize(
    ("platform", "driver"),
    [("yarn", "spark.yarn.appMasterEnv"), ("serverless", "spark.emr-serverless.driverEnv")],
)
def test_every_machine_runs_the_python_that_the_packages_are_for(
    platform: Platform, driver: str
) -> None:
    properties = replace(ORDERS, platform=platform).configuration()
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        for prefix in (driver, "spark.executorEnv"):
            assert properties[f"{prefix}.{name}"] == f"/usr/bin/python{JOBS_PYTHON}"


def test_a_laptop_has_the_limits_and_the_time_zone_of_the_cloud() -> None:
    words = local_words(
        cores=2, memory="2g", properties={"spark.ui.enabled": "false"}, java=["-Dx=y"]
    )
    options = next(word for word in words if word.startswith("spark.driver.extraJavaOptions="))
    cloud = ORDERS.configuration()
    assert (
        options == f"spark.driver.extraJavaOptions={cloud['spark.driver.extraJavaOptions']} -Dx=y"
    )
    assert f"spark.sql.session.timeZone={cloud['spark.sql.session.timeZone']}" in words
    assert words[-1] == "pyspark-shell"
