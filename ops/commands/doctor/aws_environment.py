"""What the settings of an environment ask of an account, beside what all environments do."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from cdk.settings import Settings
from ops.commands.doctor.aws_clients import Clients, quota
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE, Finding

# "Max concurrent vCPUs per account" of EMR Serverless and "Running On-Demand Standard (A, C, D, H,
# I, M, R, T, Z) instances" of EC2, by their codes in Service Quotas.
_SERVERLESS = ("emr-serverless", "L-D05C8A75")
_MACHINES = ("ec2", "L-1216C47A")
# Names that are kept for examples (RFC 2606): nobody signs tokens there.
_EXAMPLES = ("example.com", "example.net", "example.org", ".example")


def examples(settings: Settings) -> Iterator[Finding]:
    """Settings that are still those of the file."""
    issuer = settings.tokens.issuer
    if (urlsplit(issuer).hostname or "").endswith(_EXAMPLES):
        advice = "set tokens in cdk/settings.py: API Gateway looks the issuer up when it is made"
        yield Finding("token issuer", BAD, f"{issuer} is an example", advice)
    else:
        yield Finding("token issuer", GOOD, issuer)
    if settings.alarm_email is None:
        advice = "set alarm_email in cdk/settings.py"
        yield Finding("alarm address", NOTE, "nobody is told of an alarm", advice)
    else:
        yield Finding("alarm address", GOOD, settings.alarm_email)


def cores(clients: Clients, settings: Settings) -> Iterator[Finding]:
    """Whether the account may have the processors that the applications run on."""
    if settings.compute == "serverless":
        wanted = sum(
            sizes.driver_cores + sizes.executors * sizes.executor_cores
            for _, sizes in settings.sizes
        )
        yield _enough("EMR Serverless vCPU", quota(clients, *_SERVERLESS), wanted)
        return
    types = sorted({settings.emr.primary_type, *settings.emr.core_types})
    try:
        answer = clients("ec2").describe_instance_types(InstanceTypes=types)
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "InvalidInstanceType":
            raise
        advice = "choose others in cdk/settings.py, or another region"
        yield Finding("EC2 vCPU", BAD, f"not all offered: {', '.join(types)}", advice)
        return
    of = {one["InstanceType"]: one["VCpuInfo"]["DefaultVCpus"] for one in answer["InstanceTypes"]}
    largest = max(of[name] for name in settings.emr.core_types)
    wanted = of[settings.emr.primary_type] + settings.emr.core_units * largest
    yield _enough("EC2 vCPU", quota(clients, *_MACHINES), wanted)


def _enough(check: str, most: float, wanted: int) -> Finding:
    found = f"{most:.0f} allowed, {wanted} wanted, {2 * wanted} while an upgrade hands over"
    advice = f"ask Service Quotas for {2 * wanted}: it may take days"
    if most < wanted:
        return Finding(check, BAD, found, advice)
    return Finding(check, NOTE, found, advice) if most < 2 * wanted else Finding(check, GOOD, found)
