"""The shop's own applications: they read the hot store, and nothing else."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import people_of_account
from cdk.stores.valkey import Valkey


class ValkeyReaders(Construct):
    """`role` signs in as the reader of Valkey; whatever may assume roles of the account may take
    it, and is no person who has a second factor. What stands in `security_group` reaches the
    nodes."""

    def __init__(
        self, scope: Construct, id: str, *, foundation: Foundation, valkey: Valkey
    ) -> None:
        super().__init__(scope, id)
        self.security_group = foundation.security_group(
            self, "SecurityGroup", "Applications that read the hot store"
        )
        valkey.allow_from(ec2.Connections(security_groups=[self.security_group]))
        self.role = iam.Role(
            self,
            "Role",
            description="Read the hot store",
            assumed_by=people_of_account(with_mfa=False),
        )
        valkey.grant_connect(self.role, valkey.reader)
