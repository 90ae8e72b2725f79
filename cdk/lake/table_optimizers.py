"""Maintenance of the lake by Glue: the role that Glue takes, and the function that enables it."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.functions.platform_function import FunctionDefaults, PlatformFunction
from cdk.grants import allow
from cdk.lake.tables import Lake

LOOK_EVERY = Duration.hours(1)
_SERVICE = "glue.amazonaws.com"
# Glue names the groups itself.
_LOGS = tuple(
    f"/aws-glue/iceberg-{work}/logs" for work in ("compaction", "retention", "orphan-file-deletion")
)
_SWITCH = (
    *("glue:CreateTableOptimizer", "glue:GetTable", "glue:GetTableOptimizer"),
    "glue:UpdateTableOptimizer",
)


class TableOptimizers(Construct):
    """The jobs make the tables, so a template cannot name them. Every hour, `function` looks for
    tables that lack their optimizers (docs/adr/0008)."""

    def __init__(
        self, scope: Construct, id: str, *, defaults: FunctionDefaults, lake: Lake
    ) -> None:
        super().__init__(scope, id)
        role = self._role(lake)
        self.function = PlatformFunction(
            self,
            "Function",
            defaults=defaults,
            name="table_optimizers",
            description="Have Glue compact and expire every table of the lake",
            environment={
                "CATALOG": Aws.ACCOUNT_ID,
                "OPTIMIZER_ROLE": role.role_arn,
                "SNAPSHOT_HOURS": str(defaults.settings.lake.snapshot_hours),
            },
            timeout=Duration.minutes(2),
        )
        lake.grant_catalog(self.function, _SWITCH)
        self.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": _SERVICE}},
            )
        )
        rule = events.Rule(self, "Schedule", schedule=events.Schedule.rate(LOOK_EVERY))
        # The next hour's call is the second try.
        rule.add_target(targets.LambdaFunction(self.function, retry_attempts=0))

    def _role(self, lake: Lake) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description="Glue, when it compacts and expires tables of the lake",
            assumed_by=iam.ServicePrincipal(
                _SERVICE, conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        lake.grant_maintain(role)
        stack = Stack.of(self)
        groups = [
            f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:{name}:*"
            for name in _LOGS
        ]
        allow(
            role,
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            groups,
            because="Glue names the streams of its log groups.",
        )
        return role
