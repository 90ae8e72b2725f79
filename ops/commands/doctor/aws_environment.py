"""What one environment's settings ask of an account, in addition to what all environments need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from cdk.settings import EnvironmentSettings
from cdk.settings.placeholders import placeholders
from ops.commands.doctor.aws_clients import Clients, code_of, quota
from ops.commands.doctor.diagnosis import BAD, NOTE, Diagnosis, judged

# "Max concurrent vCPUs per account" of EMR Serverless and "Running On-Demand Standard (A, C, D, H,
# I, M, R, T, Z) instances" of EC2, by their codes in Service Quotas.
_SERVERLESS = ("emr-serverless", "L-D05C8A75")
_MACHINES = ("ec2", "L-1216C47A")


def examples(settings: EnvironmentSettings) -> Iterator[Diagnosis]:
    """Settings that still hold an example."""
    found = dict(placeholders(settings))
    if settings.api == "jwt":
        yield _set("token issuer", "tokens", settings.tokens.issuer, found)
    if settings.alarm_email is None:
        advice = "set alarm_email in your settings"
        yield Diagnosis("alarm address", NOTE, "nobody is told of an alarm", advice)
    else:
        yield _set("alarm address", "alarm_email", settings.alarm_email, found)


def place(settings: EnvironmentSettings, account: str, region: str) -> Iterator[Diagnosis]:
    """Whether this is the account and the region of the settings, if they name them."""
    if settings.account is None:
        return
    found, wanted = f"{account} {region}", f"{settings.account} {settings.region}"
    advice = f"sign in to {wanted}, or change account and region in your settings"
    yield judged("account", found == wanted, found, advice)


def _set(check: str, setting: str, value: str, found: Mapping[str, str]) -> Diagnosis:
    good, advice = setting not in found, f"set {setting} in your settings"
    return judged(check, good, value if good else found[setting], advice)


def cores(clients: Clients, settings: EnvironmentSettings) -> Iterator[Diagnosis]:
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
        if code_of(problem) != "InvalidInstanceType":
            raise
        advice = "choose others in your settings, or another region"
        yield Diagnosis("EC2 vCPU", BAD, f"not all offered: {', '.join(types)}", advice)
        return
    vcpus = {
        one["InstanceType"]: one["VCpuInfo"]["DefaultVCpus"] for one in answer["InstanceTypes"]
    }
    largest = max(vcpus[name] for name in settings.emr.core_types)
    wanted = vcpus[settings.emr.primary_type] + settings.emr.core_units * largest
    yield _enough("EC2 vCPU", quota(clients, *_MACHINES), wanted)


def _enough(check: str, most: float, wanted: int) -> Diagnosis:
    found = f"{most:.0f} allowed, {wanted} wanted, {2 * wanted} while an upgrade hands over"
    advice = f"ask Service Quotas for {2 * wanted}: it may take days"
    return judged(check, most >= 2 * wanted, found, advice, BAD if most < wanted else NOTE)


def uploads(clients: Clients, settings: EnvironmentSettings) -> Iterator[Diagnosis]:
    """Whether the account was bootstrapped, and whether what runs may read what is uploaded."""
    account = clients("sts").get_caller_identity()["Account"]
    s3 = clients("s3")
    bucket = f"cdk-hnb659fds-assets-{account}-{s3.meta.region_name}"
    try:
        answer = s3.get_bucket_encryption(Bucket=bucket)
    except ClientError as problem:
        if code_of(problem) != "NoSuchBucket":
            raise
        advice = "bootstrap before the first deployment (docs/deploy.md)"
        yield Diagnosis("uploads", NOTE, f"{bucket} is not there yet", advice)
        return
    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    found = f"{bucket} is encrypted with {key or 'a key of S3'}"
    advice = f"set assets_key to the ARN of {key}, or the applications cannot read their code"
    yield judged("uploads", key in (None, settings.assets_key), found, advice)
