"""Processing: the package of the laptop, on the EMR that was chosen, kept running by its
controller."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cdk.emr import serverless
from cdk.settings import Compute, EnvironmentSettings, settings
from contracts.applications import APPLICATIONS
from contracts.aws.job_plan import JobPlan
from contracts.aws.releases import EMR_RELEASE
from contracts.aws.spark_submit import Submission
from emr_jobs.apps.arguments import parse
from local.artefacts.archive import sha256
from tests.stacks import job_plans
from tests.stacks.shipped import assets
from tests.stacks.templates import Template, resources, synthesized, texts_of

COMPUTE: tuple[Compute, ...] = ("ec2", "serverless")
NAMES = [app.name for app in APPLICATIONS]
# What Lambda takes of all variables of a function together.
MOST_ENVIRONMENT_BYTES = 4096
BROKERS = "b-1.shop.kafka.eu-central-1.amazonaws.com:9098"

each_compute = pytest.mark.parametrize("compute", COMPUTE)


def chosen(compute: Compute) -> EnvironmentSettings:
    return replace(settings("staging"), compute=compute)


def texts(compute: Compute) -> dict[str, str]:
    return texts_of(chosen(compute))


def processing(compute: Compute) -> Template:
    parsed: Template = json.loads(texts(compute)["processing"])
    return parsed


def only(compute: Compute, kind: str) -> Template:
    ((_, resource),) = resources(processing(compute), kind)
    properties: Template = resource["Properties"]
    return properties


def handlers(compute: Compute) -> dict[str, Template]:
    """Our functions' properties by their handlers."""
    return {
        each["Properties"]["Handler"]: each["Properties"]
        for _, each in resources(processing(compute), "AWS::Lambda::Function")
        if each["Properties"]["Handler"].startswith("lambdas.")
    }


HANDLE, CONFIRM = (f"lambdas.job_controller.handler.{name}" for name in ("handle", "confirm"))


def plan(compute: Compute) -> JobPlan:
    return job_plans.plan(texts(compute))


def submissions(compute: Compute) -> dict[str, Submission]:
    return plan(compute).submissions(BROKERS)


@each_compute
def test_the_controller_reads_a_plan_of_every_application(compute: Compute) -> None:
    found = plan(compute)
    assert found.platform == {"ec2": "yarn", "serverless": "serverless"}[compute]
    assert found.target
    assert dict(found.triggers) == {app.name: app.cloud_trigger for app in APPLICATIONS}
    assert sorted(found.sizes) == sorted(NAMES)
    assert sorted(found.roles) == (sorted(NAMES) if compute == "serverless" else [])


@each_compute
@pytest.mark.parametrize("handler", [HANDLE, CONFIRM])
def test_no_setting_can_fill_the_environment_of_a_function(compute: Compute, handler: str) -> None:
    given = job_plans.variables(texts(compute), handler)
    size = sum(len(name) + len(value.encode()) for name, value in given.items())
    assert size < MOST_ENVIRONMENT_BYTES / 2
    faster = tuple((name, seconds - 1) for name, seconds in chosen(compute).triggers)
    other = texts_of(replace(chosen(compute), triggers=faster))
    changed = {
        name for name, value in job_plans.variables(other, handler).items() if value != given[name]
    }
    assert changed == {"JOB_PLAN"}


@each_compute
@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_of_a_step_are_those_the_application_parses(
    compute: Compute, name: str
) -> None:
    submission = submissions(compute)[name]
    parsed = parse(submission.arguments(take_over=True))
    assert [app.name for app in parsed.applications] == [name]
    assert parsed.endpoints == submission.endpoints
    assert parsed.triggers == {name: submission.application.cloud_trigger}
    assert parsed.take_over
    endpoints = parsed.endpoints
    assert endpoints.bootstrap_servers == BROKERS
    assert (endpoints.kafka_auth, endpoints.postgres_auth, endpoints.catalog) == (
        *("msk-iam", "rds-iam", "glue"),
    )
    assert endpoints.registry == "glue:shopstream-staging-schemas"
    assert endpoints.metrics.startswith("logs:MetricLog")
    assert "sslrootcert=dependencies/rds-roots.pem" in endpoints.postgres


@each_compute
def test_the_code_that_is_deployed_is_the_code_that_the_laptop_runs(compute: Compute) -> None:
    """`shopstream status --json` prints the same sum as code_sha256."""
    package = plan(compute).package
    assert package.code.endswith(f"/{sha256(assets().code)}.zip")
    assert package.entry.endswith(f"/{sha256(assets().entry)}.py")
    assert sorted(url.rpartition("/")[2] for url in package.jars) == sorted(
        f"{sha256(jar)}.jar" for jar in assets().jars
    )


PROCESSORS = {
    "Graviton": (chosen("ec2"), "arm64"),
    "Intel": (
        replace(
            chosen("ec2"),
            emr=replace(
                chosen("ec2").emr,
                primary_type="m7i.xlarge",
                core_types=("r7i.xlarge",),
                task_types=("r7i.xlarge",),
            ),
        ),
        "x86_64",
    ),
    "EMR Serverless": (chosen("serverless"), "arm64"),
}


@pytest.mark.parametrize(("given", "processor"), PROCESSORS.values(), ids=PROCESSORS)
def test_dependencies_are_those_of_the_machines(given: EnvironmentSettings, processor: Any) -> None:
    text = texts_of(given)["processing"]
    other = {"arm64": "x86_64", "x86_64": "arm64"}[processor]
    dependencies = assets().dependencies
    assert sha256(dependencies[processor]) in text
    assert sha256(dependencies[other]) not in text


def test_the_cluster_keeps_drivers_off_the_spot_market() -> None:
    cluster = only("ec2", "AWS::EMR::Cluster")
    wanted = chosen("ec2").emr
    assert cluster["ReleaseLabel"] == EMR_RELEASE
    instances = cluster["Instances"]
    fleets = {
        name: (instances[name]["TargetOnDemandCapacity"], instances[name]["TargetSpotCapacity"])
        for name in ("MasterInstanceFleet", "CoreInstanceFleet")
    }
    assert fleets == {"MasterInstanceFleet": (1, 0), "CoreInstanceFleet": (wanted.core_units, 0)}
    (task,) = instances["TaskInstanceFleets"]
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (0, 1)
    limits = cluster["ManagedScalingPolicy"]["ComputeLimits"]
    assert limits["MaximumOnDemandCapacityUnits"] == wanted.core_units
    assert limits["MaximumCapacityUnits"] == wanted.core_units + wanted.max_task_units
    (yarn,) = cluster["Configurations"]
    assert yarn["ConfigurationProperties"]["yarn.node-labels.am.default-node-label-expression"] == (
        "CORE"
    )


def test_the_cluster_stands_in_private_subnets_and_nobody_signs_in() -> None:
    instances = only("ec2", "AWS::EMR::Cluster")["Instances"]
    assert len(instances["Ec2SubnetIds"]) == 3
    assert "private" in json.dumps(instances["Ec2SubnetIds"])
    assert "Ec2KeyName" not in instances
    assert "EmrServiceAccess" in json.dumps(instances["ServiceAccessSecurityGroup"])
    assert instances["KeepJobFlowAliveWhenNoSteps"] is True


def test_nothing_is_installed_when_a_machine_starts() -> None:
    assert "BootstrapActions" not in only("ec2", "AWS::EMR::Cluster")


def test_disks_are_encrypted_and_credentials_are_asked_for_by_token() -> None:
    document = only("ec2", "AWS::EMR::SecurityConfiguration")["SecurityConfiguration"]
    disks = document["EncryptionConfiguration"]["AtRestEncryptionConfiguration"]
    assert disks["LocalDiskEncryptionConfiguration"]["EnableEbsEncryption"] is True
    metadata = document["InstanceMetadataServiceConfiguration"]
    assert metadata["MinimumInstanceMetadataServiceVersion"] == 2


def test_the_cluster_waits_for_the_rights_without_which_it_cannot_end() -> None:
    ((_, cluster),) = resources(processing("ec2"), "AWS::EMR::Cluster")
    policies = {
        logical_id
        for logical_id, _ in resources(processing("ec2"), "AWS::IAM::Policy")
        if logical_id.startswith("Emr")
    }
    assert len(policies) == 2
    assert policies <= set(cluster["DependsOn"])


def test_serverless_runs_under_a_role_for_each_application() -> None:
    application = only("serverless", "AWS::EMRServerless::Application")
    assert (application["ReleaseLabel"], application["Architecture"]) == (EMR_RELEASE, "ARM64")
    assert len(application["NetworkConfiguration"]["SubnetIds"]) == 3
    monitoring = application["MonitoringConfiguration"]
    assert monitoring["ManagedPersistenceMonitoringConfiguration"] == {"Enabled": False}
    assert "LogUri" in monitoring["S3MonitoringConfiguration"]
    roles = plan("serverless").roles
    assert len(set(roles.values())) == len(APPLICATIONS)
    trusted = [
        statement["Condition"]
        for _, role in resources(processing("serverless"), "AWS::IAM::Role")
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "emr-serverless.amazonaws.com"}
    ]
    assert len(trusted) == len(APPLICATIONS)
    assert all("aws:SourceArn" in condition["ArnEquals"] for condition in trusted)


def test_a_newer_release_is_made_beside_the_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service refuses to change the release while something runs."""
    kind = "AWS::EMRServerless::Application"
    ((before, _),) = resources(processing("serverless"), kind)
    monkeypatch.setattr(serverless, "EMR_RELEASE", "emr-spark-8.2.0")
    upgraded = json.loads(synthesized(chosen("serverless"))["processing"])
    ((after, application),) = resources(upgraded, kind)
    assert application["Properties"]["ReleaseLabel"] == "emr-spark-8.2.0"
    assert before != after


def test_serverless_has_room_for_every_application_twice() -> None:
    """On a deployment the successor runs before the older one leaves."""
    most = only("serverless", "AWS::EMRServerless::Application")["MaximumCapacity"]
    sizes = plan("serverless").sizes.values()
    cores = sum(each.driver_cores + each.executors * each.executor_cores for each in sizes)
    assert 2 * cores <= int(most["Cpu"].split()[0])


@each_compute
def test_the_controller_is_called_on_a_schedule_and_on_a_deployment(compute: Compute) -> None:
    rule = only(compute, "AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    step = only(compute, "Custom::Applications")
    given = handlers(compute)[HANDLE]["Environment"]["Variables"]
    assert step["Plan"] == given["JOB_PLAN"], "a plan that changes is a step that runs"
    assert step["Values"] == given["JOB_PLAN_VALUES"]
    assert handlers(compute)[CONFIRM]["Environment"]["Variables"].items() >= given.items()


@each_compute
def test_the_switch_outlives_deployments(compute: Compute) -> None:
    """No deployment writes it again while its first position stays what it is."""
    switch = only(compute, "AWS::SSM::Parameter")
    assert (switch["Type"], switch["Value"]) == ("String", "run")
