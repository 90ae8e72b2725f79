"""The versions of the stores that an environment asks for, as its region offers them."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.settings import EnvironmentSettings
from ops.commands.doctor.aws_clients import Clients
from ops.commands.doctor.aws_zones import chosen
from ops.commands.doctor.diagnosis import Diagnosis, judged

_SERVERLESS = "db.serverless"


def postgres_version(clients: Clients, settings: EnvironmentSettings) -> Iterator[Diagnosis]:
    """Whether Aurora offers the version as Serverless v2, and in each zone of a deployment."""
    version = settings.postgres.version
    pages = clients("rds").get_paginator("describe_orderable_db_instance_options")
    offers = pages.paginate(
        Engine="aurora-postgresql", EngineVersion=version, DBInstanceClass=_SERVERLESS
    )
    offered = {
        zone["Name"]
        for page in offers
        for option in page["OrderableDBInstanceOptions"]
        for zone in option["AvailabilityZones"]
    }
    missing = [zone for zone in chosen(clients, settings) if zone not in offered]
    what = f"Aurora PostgreSQL {version}"
    advice = "set postgres.version to one of `aws rds describe-orderable-db-instance-options`"
    if offered:
        advice = f"set zones to three of {', '.join(sorted(offered))}"
        found = f"{what} is not in {', '.join(missing)}" if missing else f"{what} is offered"
    else:
        found = f"{what} is not offered as Serverless v2"
    yield judged("Postgres version", not missing, found, advice)


def valkey_version(clients: Clients, settings: EnvironmentSettings) -> Iterator[Diagnosis]:
    """Whether ElastiCache offers the version of Valkey."""
    version = settings.valkey.version
    answer = clients("elasticache").describe_cache_engine_versions(Engine="valkey")
    offered = sorted({each["EngineVersion"] for each in answer["CacheEngineVersions"]})
    # ElastiCache names patches of a version too.
    good = any(f"{each}.".startswith(f"{version}.") for each in offered)
    found = f"Valkey {version} is {'offered' if good else 'not offered'}"
    advice = f"set valkey.version to one of {', '.join(offered)}"
    yield judged("Valkey version", good, found, advice)
