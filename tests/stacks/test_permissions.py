"""Tables of what each role may and may not do, asked of the synthesized policies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cdk.settings import ENVIRONMENTS, settings
from contracts.topics import TOPICS
from tests.stacks.intrinsics import ACCOUNT, REGION
from tests.stacks.policies import Policies, Role
from tests.stacks.policy_rules import policies

ALL = sorted(ENVIRONMENTS)
SERVERLESS, ON_EC2 = "serverless", "ec2"


def on(compute: str) -> list[str]:
    """The environments whose applications run there."""
    return [name for name in ALL if settings(name).compute == compute]


@dataclass(frozen=True)
class Account:
    """The ARNs of one environment, by readable names."""

    name: str

    @property
    def policies(self) -> Policies:
        return policies(self.name)

    def role(self, key: str) -> Role:
        stack, _, prefix = key.partition("/")
        return self.policies.role(stack, prefix)

    def logical_id(self, stack: str, kind: str, prefix: str = "") -> str:
        resources = self.policies.environment.templates[stack]["Resources"]
        (found,) = (
            name
            for name, each in resources.items()
            if each["Type"] == kind and name.startswith(prefix)
        )
        return str(found)

    def arn(self, stack: str, kind: str, prefix: str = "") -> str:
        logical_id = self.logical_id(stack, kind, prefix)
        return self.policies.environment.attribute(stack, logical_id, "Arn")

    def resource(self, text: str) -> str:
        """``topic:NAME``, ``lake:PATH``, ``postgres:USER`` and so on, as an ARN."""
        kind, _, name = text.partition(":")
        cluster = self.arn("data", "AWS::MSK::Cluster")
        lake = self.arn("data", "AWS::S3::Bucket", "LakeBucket")
        postgres = self.logical_id("data", "AWS::RDS::DBCluster")
        place = f"{REGION}:{ACCOUNT}"
        own = f"shopstream-{self.name}"
        by_kind = {
            "cluster": cluster,
            "topic": f"{cluster.replace(':cluster/', ':topic/')}/{name}",
            "group": f"{cluster.replace(':cluster/', ':group/')}/{name}",
            "lake": f"{lake}/{name}" if name else lake,
            "database": f"arn:aws:glue:{place}:database/{name}",
            "table": f"arn:aws:glue:{place}:table/{name}",
            "schema": f"arn:aws:glue:{place}:schema/{own}-schemas/{name}",
            "postgres": f"arn:aws:rds-db:{place}:dbuser:{postgres}.DBClusterResourceId/{name}",
            "aurora": self.arn("data", "AWS::RDS::DBCluster"),
            "password": f"{postgres}.MasterUserSecret.SecretArn",
            "key": self.arn("data", "AWS::KMS::Key"),
            "valkey": f"arn:aws:elasticache:{place}:replicationgroup:{own}-valkey",
            "workgroup": f"arn:aws:athena:{place}:workgroup/{name}",
            "role": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "any": "arn:aws:anything:::at/all",
        }
        if kind == "application":
            return self.arn("processing", "AWS::EMRServerless::Application")
        return by_kind[kind]

    def may(self, role: Role, action: str, resource: str) -> bool:
        return self.policies.allows(role, action, self.resource(resource))


READ, WRITE = "kafka-cluster:ReadData", "kafka-cluster:WriteData"
CONNECT = "rds-db:connect"
JOIN = "kafka-cluster:AlterGroup"
GET, PUT = "s3:GetObject", "s3:PutObject"
MAY_EVERYWHERE: dict[str, list[tuple[str, str]]] = {
    "functions/MigrationsRole": [
        ("secretsmanager:GetSecretValue", "password"),
        ("kms:Decrypt", "key"),
    ],
    "functions/AlertNotifierRole": [
        (READ, "topic:ecommerce-alerts"),
        (CONNECT, "postgres:shopstream_notifier"),
        ("glue:GetSchema", "schema:alerts"),
        ("glue:GetSchemaVersion", "any"),
        ("kafka-cluster:DescribeClusterDynamicConfiguration", "cluster"),
        (PUT, "lake:aws/lambda/b-1/2"),
    ],
    "functions/QueryApiRole": [(CONNECT, "postgres:shopstream_reader")],
    "functions/CanaryRole": [
        (WRITE, "topic:ecommerce-orders"),
        ("kafka-cluster:WriteDataIdempotently", "cluster"),
        ("kafka:GetBootstrapBrokers", "cluster"),
        (CONNECT, "postgres:shopstream_reader"),
    ],
    "functions/TableOptimizersFunctionRole": [
        ("glue:GetTable", "table:silver/orders"),
        ("glue:CreateTableOptimizer", "table:silver/orders"),
        ("glue:UpdateTableOptimizer", "table:bronze/events"),
    ],
    "functions/TableOptimizersRole": [
        ("glue:UpdateTable", "table:silver/orders"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        (PUT, "lake:warehouse/silver/orders/data/a.parquet"),
        ("s3:DeleteObject", "lake:warehouse/silver/orders/data/a.parquet"),
        ("kms:GenerateDataKey", "key"),
    ],
    "functions/AnalystsRole": [
        ("athena:StartQueryExecution", "workgroup:shopstream-ENV-analysts"),
        ("glue:GetTable", "table:gold/order_metrics"),
        (GET, "lake:warehouse/gold/order_metrics/data/a.parquet"),
        (PUT, "lake:athena/result.csv"),
        (CONNECT, "postgres:shopstream_reader"),
    ],
    "processing/ControllerRole": [("kafka:GetBootstrapBrokers", "cluster")],
}
MAY_NOT_EVERYWHERE: dict[str, list[tuple[str, str]]] = {
    "functions/MigrationsRole": [
        (CONNECT, "postgres:shopstream_jobs"),
        (READ, "topic:ecommerce-orders"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        ("secretsmanager:PutSecretValue", "password"),
    ],
    "functions/AlertNotifierRole": [
        (WRITE, "topic:ecommerce-alerts"),
        (READ, "topic:ecommerce-orders"),
        (JOIN, "group:shopstream-orders"),
        (CONNECT, "postgres:shopstream_jobs"),
        (CONNECT, "postgres:shopstream_reader"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        (PUT, "lake:warehouse/silver/orders/data/a.parquet"),
    ],
    "functions/QueryApiRole": [
        (CONNECT, "postgres:shopstream_jobs"),
        (CONNECT, "postgres:shopstream_notifier"),
        (CONNECT, "postgres:shopstream_admin"),
        ("secretsmanager:GetSecretValue", "password"),
        ("kafka-cluster:Connect", "cluster"),
        (GET, "lake:warehouse/gold/order_metrics/data/a.parquet"),
    ],
    "functions/CanaryRole": [
        (WRITE, "topic:ecommerce-alerts"),
        (WRITE, "topic:ecommerce-clicks"),
        (READ, "topic:ecommerce-orders"),
        (JOIN, "group:shopstream-orders"),
        (CONNECT, "postgres:shopstream_jobs"),
    ],
    "functions/TableOptimizersFunctionRole": [
        ("glue:UpdateTable", "table:silver/orders"),
        ("glue:DeleteTableOptimizer", "table:silver/orders"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        ("glue:CreateTableOptimizer", "table:others/orders"),
    ],
    "functions/TableOptimizersRole": [
        ("glue:CreateTable", "table:silver/orders"),
        ("glue:UpdateTable", "table:others/orders"),
        ("s3:DeleteObject", "lake:checkpoints/orders/offsets/0"),
        (GET, "lake:emr-logs/a"),
        ("kafka-cluster:Connect", "cluster"),
    ],
    "functions/AnalystsRole": [
        ("athena:StartQueryExecution", "workgroup:primary"),
        ("glue:UpdateTable", "table:gold/order_metrics"),
        ("glue:CreateTable", "table:gold/mine"),
        (PUT, "lake:warehouse/gold/order_metrics/data/a.parquet"),
        ("s3:DeleteObject", "lake:warehouse/gold/order_metrics/data/a.parquet"),
        (GET, "lake:checkpoints/orders/offsets/0"),
        (CONNECT, "postgres:shopstream_jobs"),
        ("kafka-cluster:Connect", "cluster"),
    ],
    "processing/ControllerRole": [
        ("kafka-cluster:Connect", "cluster"),
        (CONNECT, "postgres:shopstream_jobs"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        ("iam:PassRole", "role:functions-MigrationsRole"),
    ],
    "processing/ConfirmationRole": [
        ("ssm:PutParameter", "any"),
        ("elasticmapreduce:AddJobFlowSteps", "any"),
        ("emr-serverless:StartJobRun", "any"),
        ("kafka:GetBootstrapBrokers", "cluster"),
    ],
}
_JOBS = [
    ("glue:CreateTable", "table:silver/orders"),
    ("glue:UpdateTable", "table:silver/orders"),
    ("glue:GetDatabase", "database:silver"),
    (PUT, "lake:warehouse/silver/orders/data/a.parquet"),
    (CONNECT, "postgres:shopstream_jobs"),
    ("glue:GetSchemaVersion", "any"),
]
_NO_JOB = [
    (WRITE, "topic:ecommerce-orders"),
    (WRITE, "topic:ecommerce-clicks"),
    (READ, "topic:ecommerce-alerts"),
    (JOIN, "group:other"),
    (CONNECT, "postgres:shopstream_admin"),
    (CONNECT, "postgres:shopstream_notifier"),
    ("secretsmanager:GetSecretValue", "password"),
    (PUT, "lake:athena/result.csv"),
]
MAY: dict[tuple[str, str], list[tuple[str, str]]] = {
    (SERVERLESS, "processing/ControllerRole"): [
        ("emr-serverless:ListJobRuns", "application"),
        ("emr-serverless:StartJobRun", "application"),
    ],
    (SERVERLESS, "processing/ConfirmationRole"): [
        ("emr-serverless:ListJobRuns", "application"),
        ("emr-serverless:GetApplication", "application"),
        ("emr-serverless:StopApplication", "application"),
    ],
    (SERVERLESS, "processing/EmrRoleingest"): [
        *_JOBS,
        *((READ, f"topic:ecommerce-{name}") for name in ("clicks", "orders", "promotions")),
        (JOIN, "group:shopstream-ingest"),
        (PUT, "lake:checkpoints/ingest/offsets/0"),
    ],
    (SERVERLESS, "processing/EmrRoleorders"): [
        *_JOBS,
        (READ, "topic:ecommerce-orders"),
        (WRITE, "topic:ecommerce-alerts"),
        (JOIN, "group:shopstream-orders"),
        (PUT, "lake:checkpoints/orders/offsets/0"),
    ],
    (SERVERLESS, "processing/EmrRoleclicks"): [
        *_JOBS,
        (READ, "topic:ecommerce-clicks"),
        (JOIN, "group:shopstream-clicks"),
        (PUT, "lake:checkpoints/clicks/offsets/0"),
        ("elasticache:Connect", "valkey"),
    ],
    (ON_EC2, "processing/EmrMachineRole"): [
        *_JOBS,
        ("elasticache:Connect", "valkey"),
        *((READ, f"topic:ecommerce-{name}") for name in ("clicks", "orders", "promotions")),
        (WRITE, "topic:ecommerce-alerts"),
        (JOIN, "group:shopstream-ingest"),
        (JOIN, "group:shopstream-orders"),
        (PUT, "lake:checkpoints/orders/offsets/0"),
        (PUT, "lake:emr-logs/j-1/node"),
    ],
}
MAY_NOT: dict[tuple[str, str], list[tuple[str, str]]] = {
    (SERVERLESS, "processing/ControllerRole"): [
        ("emr-serverless:StopApplication", "application"),
        ("emr-serverless:DeleteApplication", "application"),
        ("emr-serverless:UpdateApplication", "application"),
    ],
    (SERVERLESS, "processing/ConfirmationRole"): [
        ("emr-serverless:StartJobRun", "application"),
        ("emr-serverless:StopApplication", "any"),
        ("emr-serverless:DeleteApplication", "application"),
        ("emr-serverless:UpdateApplication", "application"),
    ],
    (SERVERLESS, "processing/EmrRoleingest"): [
        *_NO_JOB,
        (WRITE, "topic:ecommerce-alerts"),
        (JOIN, "group:shopstream-orders"),
        (PUT, "lake:checkpoints/orders/offsets/0"),
    ],
    (SERVERLESS, "processing/EmrRoleorders"): [
        *_NO_JOB,
        (READ, "topic:ecommerce-clicks"),
        (JOIN, "group:shopstream-ingest"),
        (GET, "lake:checkpoints/ingest/offsets/0"),
        ("elasticache:Connect", "valkey"),
    ],
    (SERVERLESS, "processing/EmrRoleclicks"): [
        *_NO_JOB,
        (WRITE, "topic:ecommerce-alerts"),
        (READ, "topic:ecommerce-orders"),
        (JOIN, "group:shopstream-ingest"),
        (GET, "lake:checkpoints/ingest/offsets/0"),
    ],
    (ON_EC2, "processing/EmrMachineRole"): _NO_JOB,
}


def cases(
    everywhere: dict[str, list[tuple[str, str]]],
    somewhere: dict[tuple[str, str], list[tuple[str, str]]],
) -> dict[str, tuple[str, str, str, str]]:
    """Environment, role, action and resource of each case, by their names together; `somewhere` is
    by the kind of compute."""
    found = [
        *((name, role, *each) for name in ALL for role in everywhere for each in everywhere[role]),
        *(
            (name, role, *each)
            for (compute, role), requests in somewhere.items()
            for name in on(compute)
            for each in requests
        ),
    ]
    named = [(*case[:3], case[3].replace("ENV", case[0])) for case in found]
    return {" ".join(case): case for case in named}


ALLOWED, DENIED = cases(MAY_EVERYWHERE, MAY), cases(MAY_NOT_EVERYWHERE, MAY_NOT)


@pytest.mark.parametrize(
    ("name", "role", "action", "resource"), ALLOWED.values(), ids=ALLOWED.keys()
)
def test_may(name: str, role: str, action: str, resource: str) -> None:
    account = Account(name)
    assert account.may(account.role(role), action, resource)


@pytest.mark.parametrize(("name", "role", "action", "resource"), DENIED.values(), ids=DENIED.keys())
def test_may_not(name: str, role: str, action: str, resource: str) -> None:
    account = Account(name)
    assert not account.may(account.role(role), action, resource)


# What would lose data, or change who may do what.
NOBODY = [
    *(("kafka-cluster:DeleteTopic", f"topic:{topic.name}") for topic in TOPICS),
    *(("kafka-cluster:AlterTopic", f"topic:{topic.name}") for topic in TOPICS),
    *(("kafka:DeleteTopic", f"topic:{topic.name}") for topic in TOPICS),
    ("kafka:DeleteCluster", "cluster"),
    ("kafka-cluster:AlterCluster", "cluster"),
    ("s3:DeleteBucket", "lake"),
    ("s3:DeleteBucketPolicy", "lake"),
    ("s3:PutBucketPolicy", "lake"),
    ("s3:PutLifecycleConfiguration", "lake"),
    ("s3:DeleteObjectVersion", "lake:warehouse/silver/orders/data/a.parquet"),
    ("s3:PutBucketVersioning", "lake"),
    ("glue:DeleteTable", "table:silver/orders"),
    ("glue:DeleteDatabase", "database:silver"),
    ("glue:DeleteSchema", "schema:orders"),
    ("glue:RegisterSchemaVersion", "schema:orders"),
    ("rds:DeleteDBCluster", "aurora"),
    ("rds:ModifyDBCluster", "aurora"),
    ("elasticache:DeleteReplicationGroup", "valkey"),
    ("kms:ScheduleKeyDeletion", "key"),
    ("kms:DisableKey", "key"),
    ("kms:PutKeyPolicy", "key"),
    ("iam:CreateRole", "any"),
    ("iam:PutRolePolicy", "any"),
    ("iam:AttachRolePolicy", "any"),
    ("sts:AssumeRole", "any"),
]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("action", "resource"), NOBODY)
def test_nobody_may(name: str, action: str, resource: str) -> None:
    account = Account(name)
    may = [
        each.logical_id for each in account.policies.roles if account.may(each, action, resource)
    ]
    assert may == []


LAMBDA = "lambda.amazonaws.com"
TRUSTED = {
    "functions/MigrationsRole": LAMBDA,
    "functions/AlertNotifierRole": LAMBDA,
    "functions/QueryApiRole": LAMBDA,
    "functions/CanaryRole": LAMBDA,
    "functions/TableOptimizersFunctionRole": LAMBDA,
    "functions/TableOptimizersRole": "glue.amazonaws.com",
    "functions/AnalystsRole": f"arn:aws:iam::{ACCOUNT}:root",
    "processing/ControllerRole": LAMBDA,
    "processing/ConfirmationRole": LAMBDA,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("role", "principal"), TRUSTED.items())
def test_who_may_take_a_role(name: str, role: str, principal: str) -> None:
    trust = Account(name).role(role).trust
    assert [statement.principals for statement in trust] == [(principal,)]


@pytest.mark.parametrize("name", on(SERVERLESS))
def test_the_controller_passes_the_roles_of_the_applications_to_emr_alone(name: str) -> None:
    account = Account(name)
    controller = account.role("processing/ControllerRole")
    for application in ("ingest", "orders"):
        arn = account.role(f"processing/EmrRole{application}").arn

        def may(service: str, role: str = arn) -> bool:
            return account.policies.allows(
                controller, "iam:PassRole", role, iam__PassedToService=service
            )

        assert may("emr-serverless.amazonaws.com")
        assert not may("ec2.amazonaws.com")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("role", [role for role, who in TRUSTED.items() if who == LAMBDA])
def test_lambda_makes_network_interfaces_and_the_code_of_a_function_none(
    name: str, role: str
) -> None:
    account = Account(name)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"
    for action in ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"):

        def may(doing: str = action, **context: str) -> bool:
            interface = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-0a"
            return account.policies.allows(account.role(role), doing, interface, **context)

        assert may()
        assert not may(lambda__SourceFunctionArn=function)


@pytest.mark.parametrize("name", ALL)
def test_no_role_is_outside_the_tables(name: str) -> None:
    """A new role has a row above, or is one of those that the CDK or a service needs."""
    known = {*MAY_EVERYWHERE, *MAY_NOT_EVERYWHERE, *(role for _, role in MAY), *HELPERS}
    missing = [
        f"{role.stack}/{role.logical_id}"
        for role in Account(name).policies.roles
        if f"{role.stack}/{role.logical_id[:-8]}" not in known
    ]
    assert missing == []


# Roles around a custom resource, of flow logs, and of EMR itself.
_PROVIDER = "processing/ApplicationsProvider"
HELPERS = {
    "network/VpcFlowLogIAMRole",
    "functions/TablesProviderframeworkonEventServiceRole",
    f"{_PROVIDER}frameworkonEventServiceRole",
    f"{_PROVIDER}frameworkisCompleteServiceRole",
    f"{_PROVIDER}frameworkonTimeoutServiceRole",
    f"{_PROVIDER}waiterstatemachineRole",
    "processing/EmrServiceRole",
}
