"""The answers' database: Aurora PostgreSQL Serverless v2, IAM and TLS only."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicies, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import acknowledge, allow
from cdk.log_retention import log_group

DATABASE = "shopstream"
ADMIN = "shopstream_admin"
_PORT = 5432


class Postgres(Construct):
    """Only the migrations have a password; everyone else signs in with an IAM token."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation) -> None:
        super().__init__(scope, id)
        settings = foundation.settings
        self._key = foundation.key
        self.cluster = self._database(foundation)
        # The library keeps these with their cluster for the policy Retain alone.
        RemovalPolicies.of(self.cluster).retain_on_update_or_delete(
            apply_to_resource_types=["AWS::RDS::DBInstance", "AWS::RDS::DBSubnetGroup"]
        )
        if not settings.deletion_protection:
            reason = "An environment to throw away; the cluster itself is kept."
            acknowledge(self.cluster, {"AwsSolutions-RDS10": reason})
        # Aurora would make this group itself and keep its lines for ever.
        name = f"/aws/rds/cluster/{settings.name('postgres')}/postgresql"
        server_logs = log_group(self, "ServerLogs", foundation, name=name)
        self.cluster.node.add_dependency(server_logs)
        secret = self.cluster.secret
        assert secret is not None
        self.secret: secretsmanager.ISecret = secret

    def url(self, user: str, roots: str) -> str:
        """A libpq URL without a password. The client checks the server's certificate against
        `roots`, a file beside it: no system trusts the certificate authorities of RDS by itself."""
        address = f"{self.cluster.cluster_endpoint.hostname}:{_PORT}/{DATABASE}"
        return f"postgresql://{user}@{address}?sslmode=verify-full&sslrootcert={roots}"

    def allow_from(self, peer: ec2.IConnectable) -> None:
        """Let `peer` reach the database."""
        # The rule stands in the peer's stack: that one depends on this one, never the reverse.
        peer.connections.allow_to(self.cluster, ec2.Port.tcp(_PORT))

    def grant_connect(self, grantee: iam.IGrantable, user: str) -> None:
        """Connect as exactly `user` with an IAM token."""
        self.cluster.grant_connect(grantee, user)

    def grant_admin(self, grantee: iam.IGrantable) -> None:
        """Read the admin's password, which rotates and which only the migrations need."""
        # The library's own grant would name the reader in the key's policy, and so make this stack
        # depend on the reader's.
        reads = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        allow(grantee, reads, [self.secret.secret_arn])
        self._key.grant_decrypt(grantee)

    def _database(self, foundation: Foundation) -> rds.DatabaseCluster:
        settings = foundation.settings
        sizes = settings.postgres
        version = rds.AuroraPostgresEngineVersion.of(sizes.version, sizes.version.split(".")[0])
        engine = rds.DatabaseClusterEngine.aurora_postgres(version=version)
        return rds.DatabaseCluster(
            self,
            "Cluster",
            cluster_identifier=settings.name("postgres"),
            engine=engine,
            vpc=foundation.vpc,
            vpc_subnets=foundation.subnets,
            port=_PORT,
            default_database_name=DATABASE,
            # Aurora keeps the password and rotates it without a function of ours.
            credentials=rds.Credentials.from_username(ADMIN, encryption_key=self._key),
            manage_master_user_password=True,
            iam_authentication=True,
            writer=rds.ClusterInstance.serverless_v2("Writer"),
            readers=[
                rds.ClusterInstance.serverless_v2(f"Reader{number}", scale_with_writer=True)
                for number in range(1, sizes.readers + 1)
            ],
            serverless_v2_min_capacity=sizes.min_capacity,
            serverless_v2_max_capacity=sizes.max_capacity,
            storage_encryption_key=self._key,
            backup=rds.BackupProps(retention=Duration.days(sizes.backup_days)),
            parameter_group=rds.ParameterGroup(
                self, "Parameters", engine=engine, parameters={"rds.force_ssl": "1"}
            ),
            cloudwatch_logs_exports=["postgresql"],
            copy_tags_to_snapshot=True,
            deletion_protection=settings.deletion_protection,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
