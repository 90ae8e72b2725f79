"""Copies of the lake outside its bucket, for what versions of objects cannot undo."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.grants import acknowledge, on_behalf_of_account
from cdk.lake.tables import Lake
from cdk.settings import EnvironmentSettings

_POLICY = "AWSBackupServiceRolePolicyForS3Backup"
# Long after midnight of any shop's day, when few commit.
_EACH_NIGHT = events.Schedule.cron(hour="3", minute="0")


class LakeBackup(Construct):
    """AWS Backup copies the bucket each night into a vault of its own, and keeps each copy for the
    days of the settings. A person restores it: no role here may."""

    def __init__(
        self, scope: Construct, id: str, *, settings: EnvironmentSettings, lake: Lake
    ) -> None:
        super().__init__(scope, id)
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=settings.name("lake"),
            encryption_key=lake.key,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        plan = backup.BackupPlan(
            self, "Plan", backup_plan_name=settings.name("lake"), backup_vault=vault
        )
        plan.add_rule(
            backup.BackupPlanRule(
                rule_name="each-night",
                schedule_expression=_EACH_NIGHT,
                delete_after=Duration.days(settings.lake.backup_days),
            )
        )
        plan.add_selection(
            "Lake",
            resources=[backup.BackupResource.from_arn(lake.bucket.bucket_arn)],
            role=_role(self, lake),
            disable_default_backup_policy=True,
        )


def _role(scope: Construct, lake: Lake) -> iam.Role:
    role = iam.Role(
        scope,
        "Role",
        description="Copy the lake",
        assumed_by=on_behalf_of_account("backup.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_POLICY)],
    )
    lake.key.grant(role, "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
    finding = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_POLICY}]"
    reason = "AWS's policy for copies of buckets; it watches them by rules that it names itself."
    acknowledge(role, {finding: reason})
    return role
