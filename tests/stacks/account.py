"""The roles and the resources of an environment's account, by readable names."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings import ENVIRONMENTS
from tests.stacks.intrinsics import ACCOUNT, REGION
from tests.stacks.policies import Policies, Role
from tests.stacks.policy_rules import policies
from tests.stacks.templates import ON_EC2, chosen

ALL = [*sorted(ENVIRONMENTS), ON_EC2]


def on(compute: str) -> list[str]:
    """The environments whose applications run there."""
    return [name for name in ALL if chosen(name).compute == compute]


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
        """``topic:NAME``, ``lake:PATH``, ``function:STACK/NAME`` and so on, as an ARN."""
        kind, _, name = text.partition(":")
        cluster = self.arn("data", "AWS::MSK::Cluster")
        lake = self.arn("data", "AWS::S3::Bucket", "LakeBucket")
        postgres = self.logical_id("data", "AWS::RDS::DBCluster")
        place = f"{REGION}:{ACCOUNT}"
        own = f"shopstream-{chosen(self.name).environment}"
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
            "valkey-user": f"arn:aws:elasticache:{place}:user:{own}-{name}",
            "workgroup": f"arn:aws:athena:{place}:workgroup/{name}",
            "uploaded": f"arn:aws:s3:::cdk-hnb659fds-assets-{ACCOUNT}-{REGION}/{name}",
            "role": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "any": "arn:aws:anything:::at/all",
        }
        if kind == "function":
            stack, _, prefix = name.partition("/")
            return self._function(stack, prefix)
        if kind == "application":
            return self.arn("processing", "AWS::EMRServerless::Application")
        return by_kind[kind]

    def _function(self, stack: str, prefix: str) -> str:
        """The CDK adds eight characters to a name."""
        resources = self.policies.environment.templates[stack]["Resources"]
        (found,) = (
            name
            for name, each in resources.items()
            if each["Type"] == "AWS::Lambda::Function" and name[:-8] == prefix
        )
        return self.policies.environment.attribute(stack, found, "Arn")

    def may(self, role: Role, action: str, resource: str) -> bool:
        return self.policies.allows(role, action, self.resource(resource))
