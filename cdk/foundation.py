"""What the constructs of an environment stand on."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.settings import EnvironmentSettings


@dataclass(frozen=True)
class Foundation:
    """Everything runs in `subnets` of `vpc`, and what is at rest is encrypted with `key`."""

    settings: EnvironmentSettings
    assets: Assets
    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    key: kms.IKey

    @property
    def subnet_ids(self) -> list[str]:
        return self.vpc.select_subnets(subnet_group_name=self.subnets.subnet_group_name).subnet_ids

    def security_group(self, scope: Construct, id: str, description: str) -> ec2.SecurityGroup:
        """A group without rules: nothing gets in or out."""
        return ec2.SecurityGroup(
            scope, id, vpc=self.vpc, description=description, allow_all_outbound=False
        )
