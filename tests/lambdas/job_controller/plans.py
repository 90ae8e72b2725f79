"""A plan as a deployment makes it, for tests."""

from __future__ import annotations

from dataclasses import replace

from contracts.applications import APPLICATIONS, Endpoints
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import Package, Platform, Sizes

CLUSTER = "arn:aws:kafka:eu-central-1:123456789012:cluster/shopstream-dev-kafka/0f0e-1"
PLAN = JobPlan(
    platform="serverless",
    target="00f1",
    region="eu-central-1",
    kafka_cluster=CLUSTER,
    package=Package("s3://a/code.zip", "s3://a/main.py", ("s3://a/1.jar",), "s3://a/d.zip"),
    endpoints=Endpoints(
        bootstrap_servers="",
        kafka_auth="msk-iam",
        registry="glue:shopstream-dev-schemas",
        catalog="glue",
        warehouse="s3://lake/warehouse",
        checkpoint="s3://lake/checkpoints",
        postgres="postgresql://shopstream_jobs@db:5432/shopstream?sslmode=verify-full",
        postgres_auth="rds-iam",
        metrics="logs:shopstream-dev-jobs",
    ),
    sizes={app.name: Sizes() for app in APPLICATIONS},
    triggers={app.name: app.cloud_trigger for app in APPLICATIONS},
    roles={app.name: f"arn:aws:iam::123456789012:role/{app.name}" for app in APPLICATIONS},
    log_url="s3://lake/logs/",
)


def plan(platform: Platform, target: str) -> JobPlan:
    """The plan on one kind of EMR."""
    return replace(PLAN, platform=platform, target=target)
