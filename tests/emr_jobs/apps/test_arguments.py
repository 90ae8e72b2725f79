"""Arguments of the jobs: what contracts builds, the jobs parse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.applications import APPLICATIONS, Endpoints, command_line
from contracts.aws.spark_submit import Package, Sizes, Submission
from emr_jobs.apps.arguments import parse

ENDPOINTS = Endpoints(
    bootstrap_servers="127.0.0.1:9092",
    kafka_auth="none",
    registry="bundled",
    catalog="jdbc",
    warehouse="file:///state/warehouse",
    checkpoint="file:///state/checkpoints",
    postgres="postgresql://shopstream@127.0.0.1/shopstream",
)
NAMES = [app.name for app in APPLICATIONS]


def test_what_the_supervisors_build_is_what_the_jobs_read() -> None:
    line = command_line(NAMES, ENDPOINTS, take_over=True, accept_new_topic=True)
    arguments = parse(line)
    assert arguments.endpoints == ENDPOINTS
    assert arguments.applications == APPLICATIONS
    assert arguments.triggers == {app.name: app.laptop_trigger for app in APPLICATIONS}
    assert arguments.take_over
    assert arguments.accept_new_topic


def test_what_the_job_controller_builds_is_what_the_jobs_read() -> None:
    endpoints = replace(
        ENDPOINTS,
        kafka_auth="msk-iam",
        catalog="glue",
        registry="glue:schemas",
        postgres_auth="rds-iam",
        metrics="logs:group",
    )
    package = Package("s3://a/code.zip", "s3://a/main.py", (), "s3://a/d.zip")
    for app in APPLICATIONS:
        submission = Submission(app, package, "yarn", Sizes(), endpoints, 7, "eu-central-1")
        words = submission.step_words(tag="t", take_over=True)
        arguments = parse(words[words.index(package.entry) + 1 :])
        assert arguments.endpoints == endpoints
        assert arguments.applications == (app,)
        assert arguments.triggers == {app.name: 7}
        assert arguments.take_over


def test_without_triggers_the_cloud_s_are_taken() -> None:
    line = [part for part in command_line(NAMES, ENDPOINTS) if not part.startswith("--trigger")]
    assert parse(line).triggers == {app.name: app.cloud_trigger for app in APPLICATIONS}


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(["--trigger", "visits=1s"], id="a trigger for what is not started"),
        pytest.param(["--trigger", "orders"], id="a trigger without seconds"),
        pytest.param(["--trigger", "orders=-1s"], id="a trigger in the past"),
        pytest.param(["--kafka-auth", "plain"], id="an unknown way in"),
        pytest.param(["visits"], id="an unknown application"),
    ],
)
def test_nonsense_exits_with_2(extra: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([*command_line(NAMES, ENDPOINTS), *extra])
    assert end.value.code == 2
    assert "error:" in capsys.readouterr().err
