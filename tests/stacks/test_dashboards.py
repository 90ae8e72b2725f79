"""The dashboards show metrics that somebody publishes, and can be read."""

from __future__ import annotations

import json

import pytest

from contracts.applications import APPLICATIONS
from contracts.metrics import METRICS, NAMESPACE
from contracts.topics import TOPICS
from tests.stacks.observed import ALL, dashboards, metrics_of_alarms, metrics_of_widgets
from tests.stacks.templates import ON_EC2, Template, texts

# What AWS documents, with the dimensions that stand together.
OF_AWS = {
    ("AWS/Kafka", ("Cluster Name",)): {"ActiveControllerCount", "StorageUsed"},
    ("AWS/Kafka", ("Broker ID", "Cluster Name")): {
        *("BytesInPerSec", "BytesOutPerSec", "ConnectionCount", "CpuSystem", "CpuUser"),
        *("FetchThrottleTime", "ProduceThrottleTime"),
    },
    ("AWS/ElastiCache", ("CacheClusterId", "CacheNodeId")): {
        *("CPUUtilization", "CurrConnections", "DatabaseMemoryUsagePercentage"),
        *("EngineCPUUtilization", "Evictions", "ReplicationLag"),
    },
    ("AWS/RDS", ("DBClusterIdentifier", "Role")): {
        *("ACUUtilization", "CommitLatency", "DatabaseConnections", "Deadlocks"),
        *("FreeableMemory", "ServerlessDatabaseCapacity"),
    },
    ("AWS/Kafka", ("Cluster Name", "Consumer Group", "Topic")): {"MaxOffsetLag"},
    ("AWS/Lambda", ("EventSourceMappingUUID",)): {"OnFailureDestinationDeliveredEventCount"},
    ("AWS/Lambda", ("FunctionName",)): {"Duration", "Errors", "Throttles"},
    ("AWS/ApiGateway", ("ApiId",)): {"4xx", "5xx", "Count", "Latency"},
    ("AWS/ElasticMapReduce", ("JobFlowId",)): {
        *("AppsPending", "AppsRunning", "MRActiveNodes", "MRLostNodes", "MRUnhealthyNodes"),
        "YARNMemoryAvailablePercentage",
    },
}


@pytest.mark.parametrize("name", [*ALL, ON_EC2])
def test_every_metric_is_one_that_somebody_publishes_by_exactly_its_dimensions(name: str) -> None:
    wrong = []
    applications = {*(app.name for app in APPLICATIONS), "alert_notifier"}
    for namespace, metric, dimensions in [*metrics_of_alarms(name), *metrics_of_widgets(name)]:
        if namespace == NAMESPACE:
            known = metric in METRICS and METRICS[metric].dimensions == dimensions.keys()  # type: ignore[index] - `in` says that it is a name of ours
            known &= dimensions["application"] in applications
            known &= dimensions.get("topic") in {None, *(topic.name for topic in TOPICS)}
        else:
            known = metric in OF_AWS.get((namespace, tuple(sorted(dimensions))), ())
        if not known:
            wrong.append((namespace, metric, dimensions))
    assert wrong == []


@pytest.mark.parametrize("name", ALL)
def test_there_is_a_dashboard_for_the_operator_and_one_for_the_shop(name: str) -> None:
    found = dashboards(name)
    assert set(found) == {f"shopstream-{name}-operator", f"shopstream-{name}-shop"}


@pytest.mark.parametrize("name", ALL)
def test_dashboards_can_be_read(name: str) -> None:
    """Three graphs side by side at most, each under a heading, no widget over another, and every
    graph with a title and a line."""
    for widgets in dashboards(name).values():
        taken: set[tuple[int, int]] = set()
        headings = [each for each in widgets if each["type"] == "text"]
        for widget in widgets:
            cells = {
                (widget["x"] + column, widget["y"] + row)
                for column in range(widget["width"])
                for row in range(widget["height"])
            }
            assert not cells & taken
            assert max(column for column, _ in cells) < 24
            taken |= cells
            if widget["type"] == "metric":
                assert widget["properties"]["title"]
                assert widget["properties"]["metrics"]
                above = [each for each in headings if each["y"] < widget["y"]]
                assert above, widget["properties"]["title"]
        for heading in headings:
            assert heading["properties"]["markdown"].startswith("## ")


def test_the_shop_is_told_what_is_not_on_its_dashboard() -> None:
    (told,) = [
        widget["properties"]["markdown"]
        for widget in dashboards("production")["shopstream-production-shop"]
        if widget["type"] == "text" and "not here" in widget["properties"]["markdown"]
    ]
    assert "Revenue" in told


@pytest.mark.parametrize(
    ("name", "looked_up"),
    [
        pytest.param(ON_EC2, "Fn::GetStackOutput", id="EMR on EC2"),
        pytest.param("dev", "SEARCH", id="EMR Serverless"),
    ],
)
def test_a_cluster_can_be_replaced_under_the_dashboard(name: str, looked_up: str) -> None:
    text = texts(name)["observability"]
    assert looked_up in text
    # An export that is imported can never change.
    processing: Template = json.loads(texts(name)["processing"])
    exported = json.dumps(
        [out for out in processing.get("Outputs", {}).values() if "Export" in out]
    )
    assert "EmrCluster" not in exported
