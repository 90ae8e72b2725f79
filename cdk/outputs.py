"""What a stack tells those who deploy it and those who use it: named outputs."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack

# By name: what it is for. The page of deployment has the same table.
OUTPUTS: Mapping[str, str] = {
    "VpcId": "the network",
    "KafkaCluster": "the ARN of the Kafka cluster",
    "TopicNames": "the topics that the shop writes and reads",
    "SchemaRegistry": "the Glue registry with the schemas of the topics",
    "LakeBucket": "the bucket of the lake",
    "PostgresEndpoint": "the host of the answers' database",
    "ValkeyEndpoint": "the host of the hot store",
    "ApiUrl": "the query API",
    "ReadersPool": "the user pool of the API's readers",
    "ReadersClient": "the client of that pool, which tokens are for",
    "ValkeyReader": "the user that applications read the hot store as",
    "ValkeyReadersRole": "the role that signs in as that user",
    "ValkeyReadersSecurityGroup": "what stands in it reaches the hot store",
    "NotificationsTopic": "where alerts of the shop are told",
    "AnalystsRole": "the role that analysts take",
    "AnalystsWorkgroup": "their workgroup of Athena",
    "OperatorsRole": "the role that operators take",
    "ControllerFunction": "the function that keeps the applications running",
    "OperatorDashboard": "the dashboard of the operator",
    "ShopDashboard": "the dashboard of the shop",
}


def tell(stack: Stack, **values: str) -> None:
    """Give the stack these outputs; KeyError for a name that is not in OUTPUTS."""
    for name, value in values.items():
        CfnOutput(stack, name, value=value, description=OUTPUTS[name])
