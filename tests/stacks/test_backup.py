"""Copies of the lake: by setting, each night, in a vault that outlives the stack."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from cdk_nag import AwsSolutionsChecks

from cdk.settings import ENVIRONMENTS, settings
from ops.commands.cost.estimate import estimate
from ops.commands.cost.month import LOADS
from ops.commands.cost.prices import read_prices
from tests.stacks.templates import Template, linted, resources, synthesized, template
from tests.stacks.test_cost import environment

DAYS = 35
CHOSEN = replace(
    settings("production"), lake=replace(settings("production").lake, backup_days=DAYS)
)


@cache
def written() -> dict[str, str]:
    return synthesized(CHOSEN, AwsSolutionsChecks())


def only(kind: str) -> Template:
    ((_, found),) = resources(json.loads(written()["data"]), kind)
    return dict(found)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_there_are_none_unless_they_are_asked_for(name: str) -> None:
    kinds = {each["Type"] for each in template(name, "data")["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith("AWS::Backup")}


def test_the_bucket_is_copied_each_night_for_the_days_that_are_set() -> None:
    assert linted(written()) == []
    (rule,) = only("AWS::Backup::BackupPlan")["Properties"]["BackupPlan"]["BackupPlanRule"]
    assert rule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert rule["Lifecycle"] == {"DeleteAfterDays": DAYS}
    selected = only("AWS::Backup::BackupSelection")["Properties"]["BackupSelection"]
    (bucket,) = selected["Resources"]
    assert bucket["Fn::GetAtt"][0].startswith("LakeBucket")


def test_a_copy_outlives_the_stack_and_nobody_here_may_restore_it() -> None:
    vault = only("AWS::Backup::BackupVault")
    assert vault["DeletionPolicy"] == "RetainExceptOnCreate"
    assert "EncryptionKeyArn" in vault["Properties"]
    (role,) = (
        each["Properties"]
        for logical_id, each in resources(json.loads(written()["data"]), "AWS::IAM::Role")
        if logical_id.startswith("LakeBackup")
    )
    assert "ForS3Backup" in json.dumps(role["ManagedPolicyArns"])
    assert "Restore" not in json.dumps(role)


def test_it_is_priced(tmp_path: Path) -> None:
    made = estimate("production", environment(written(), tmp_path), LOADS["base"], read_prices())
    (copies,) = (item for item in made.items if item.price.key == "backup.storage")
    assert copies.usd > 0
