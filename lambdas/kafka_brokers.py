"""The addresses of a cluster's brokers: CloudFormation does not know them, and they change."""

from __future__ import annotations

import boto3
from botocore.config import Config

# The service behind MSK's VPC endpoint answers only to its dual-stack name.
_DUAL_STACK = Config(use_dualstack_endpoint=True)


def way_in(kafka: str) -> tuple[str, dict[str, str]]:
    """The brokers of a cluster, and a client's options to sign in there. `kafka` is the ARN of a
    cluster, or ``broker:port`` of one without IAM."""
    if not kafka.startswith("arn:"):
        return kafka, {}
    return brokers_of(kafka), {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}


def brokers_of(cluster_arn: str) -> str:
    """``host:port,...`` for clients that sign in with IAM."""
    client = boto3.client("kafka", config=_DUAL_STACK)
    servers: str = client.get_bootstrap_brokers(ClusterArn=cluster_arn)[
        "BootstrapBrokerStringSaslIam"
    ]
    return servers
