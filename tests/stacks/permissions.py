"""Tables of what each role may and may not do."""

from __future__ import annotations

SERVERLESS, ON_EC2 = "serverless", "ec2"


READ, WRITE = "kafka-cluster:ReadData", "kafka-cluster:WriteData"
CONNECT = "rds-db:connect"
JOIN = "kafka-cluster:AlterGroup"
GET, PUT = "s3:GetObject", "s3:PutObject"
# Of a later deployment.
PLAN = "uploaded:0a.plan"
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
        ("athena:ListWorkGroups", "any"),
        ("athena:ListDataCatalogs", "any"),
        ("athena:ListNamedQueries", "workgroup:shopstream-ENV-analysts"),
        ("athena:GetNamedQuery", "workgroup:shopstream-ENV-analysts"),
        ("athena:StartQueryExecution", "workgroup:shopstream-ENV-analysts"),
        ("glue:GetTables", "database:silver"),
        ("glue:GetTable", "table:gold/order_metrics"),
        (GET, "lake:warehouse/gold/order_metrics/data/a.parquet"),
        (PUT, "lake:athena/result.csv"),
        (CONNECT, "postgres:shopstream_reader"),
    ],
    "functions/OperationsFunctionRole": [
        (CONNECT, "postgres:shopstream_reader"),
        (CONNECT, "postgres:shopstream_operator"),
        (READ, "topic:ecommerce-orders"),
        (READ, "topic:ecommerce-alerts"),
        ("kafka:GetBootstrapBrokers", "cluster"),
        ("glue:GetSchemaVersion", "any"),
    ],
    "functions/OperationsRole": [
        ("lambda:InvokeFunction", "function:functions/OperationsFunction"),
        ("athena:StartQueryExecution", "workgroup:shopstream-ENV-analysts"),
        ("athena:GetQueryResults", "workgroup:shopstream-ENV-analysts"),
        (GET, "lake:warehouse/bronze/quarantine/data/a.parquet"),
        (PUT, "lake:athena/result.csv"),
    ],
    "functions/ValkeyReadersRole": [
        ("elasticache:Connect", "valkey"),
        ("elasticache:Connect", "valkey-user:reader"),
    ],
    "processing/ControllerRole": [("kafka:GetBootstrapBrokers", "cluster"), (GET, PLAN)],
    "processing/ConfirmationRole": [(GET, PLAN), (CONNECT, "postgres:shopstream_reader")],
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
        ("glue:GetTable", "table:bronze/quarantine"),
        (GET, "lake:warehouse/bronze/quarantine/data/a.parquet"),
        ("athena:StartQueryExecution", "workgroup:primary"),
        ("athena:GetNamedQuery", "workgroup:primary"),
        ("athena:CreateNamedQuery", "workgroup:shopstream-ENV-analysts"),
        ("glue:UpdateTable", "table:gold/order_metrics"),
        ("glue:CreateTable", "table:gold/mine"),
        (PUT, "lake:warehouse/gold/order_metrics/data/a.parquet"),
        ("s3:DeleteObject", "lake:warehouse/gold/order_metrics/data/a.parquet"),
        (GET, "lake:checkpoints/orders/offsets/0"),
        (CONNECT, "postgres:shopstream_jobs"),
        ("kafka-cluster:Connect", "cluster"),
    ],
    "functions/OperationsFunctionRole": [
        (CONNECT, "postgres:shopstream_jobs"),
        (CONNECT, "postgres:shopstream_admin"),
        ("secretsmanager:GetSecretValue", "password"),
        (WRITE, "topic:ecommerce-orders"),
        (JOIN, "group:shopstream-orders"),
        (GET, "lake:warehouse/gold/order_metrics/data/a.parquet"),
    ],
    "functions/ValkeyReadersRole": [
        ("elasticache:Connect", "valkey-user:jobs"),
        ("elasticache:Connect", "valkey-user:default"),
        (CONNECT, "postgres:shopstream_reader"),
        ("kafka-cluster:Connect", "cluster"),
        (GET, "lake:warehouse/gold/order_metrics/data/a.parquet"),
    ],
    "functions/OperationsRole": [
        ("lambda:InvokeFunction", "function:functions/Migrations"),
        ("lambda:UpdateFunctionCode", "function:functions/OperationsFunction"),
        ("athena:StartQueryExecution", "workgroup:primary"),
        (CONNECT, "postgres:shopstream_reader"),
        (PUT, "lake:warehouse/bronze/quarantine/data/a.parquet"),
        (GET, "lake:checkpoints/orders/offsets/0"),
    ],
    "processing/ControllerRole": [
        ("kafka-cluster:Connect", "cluster"),
        (CONNECT, "postgres:shopstream_jobs"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        ("iam:PassRole", "role:functions-MigrationsRole"),
        (GET, "uploaded:0a.zip"),
        (PUT, PLAN),
    ],
    "processing/ConfirmationRole": [
        ("ssm:PutParameter", "any"),
        ("elasticmapreduce:AddJobFlowSteps", "any"),
        ("emr-serverless:StartJobRun", "any"),
        ("kafka:GetBootstrapBrokers", "cluster"),
        (GET, "uploaded:0a.zip"),
        (CONNECT, "postgres:shopstream_jobs"),
    ],
}
_INTO_THE_LAKE = [
    ("glue:CreateTable", "table:silver/orders"),
    ("glue:UpdateTable", "table:silver/orders"),
    ("glue:GetDatabase", "database:silver"),
    (PUT, "lake:warehouse/silver/orders/data/a.parquet"),
    ("s3:DeleteObject", "lake:warehouse/silver/orders/data/a.parquet"),
]
_JOBS = [
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
        *_INTO_THE_LAKE,
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
        ("elasticache:Connect", "valkey-user:jobs"),
        ("glue:GetTable", "table:silver/clicks"),
        (GET, "lake:warehouse/silver/clicks/data/a.parquet"),
    ],
    (ON_EC2, "processing/EmrMachineRole"): [
        *_JOBS,
        *_INTO_THE_LAKE,
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
        *_INTO_THE_LAKE,
        ("glue:GetTable", "table:silver/orders"),
        (GET, "lake:warehouse/silver/orders/data/a.parquet"),
        (READ, "topic:ecommerce-clicks"),
        (JOIN, "group:shopstream-ingest"),
        (GET, "lake:checkpoints/ingest/offsets/0"),
        ("elasticache:Connect", "valkey"),
    ],
    (SERVERLESS, "processing/EmrRoleclicks"): [
        *_NO_JOB,
        *(each for each in _INTO_THE_LAKE if each[0] != "glue:GetDatabase"),
        ("glue:GetTable", "table:bronze/events"),
        (GET, "lake:warehouse/bronze/events/data/a.parquet"),
        (WRITE, "topic:ecommerce-alerts"),
        (READ, "topic:ecommerce-orders"),
        (JOIN, "group:shopstream-ingest"),
        (GET, "lake:checkpoints/ingest/offsets/0"),
    ],
    (ON_EC2, "processing/EmrMachineRole"): _NO_JOB,
}
