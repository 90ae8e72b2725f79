"""The lake: one bucket of Iceberg tables and checkpoints, and their Glue databases."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.grants import allow
from cdk.settings import EnvironmentSettings
from contracts.tables.lake import LAKE_TABLES

# Where Athena leaves the results of queries, for a week.
RESULTS = "athena"
_READ = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables")
_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_WRITE = ("glue:CreateTable", "glue:UpdateTable")


class Lake(Construct):
    """The jobs create the tables. AWS Glue has one catalog per account and region, so each
    environment has an account of its own."""

    def __init__(
        self, scope: Construct, id: str, *, settings: EnvironmentSettings, key: kms.IKey
    ) -> None:
        super().__init__(scope, id)
        self.key = key
        self.bucket = self._bucket(settings)
        # Everything that reads and writes is in other stacks.
        self._bucket_arn = Stack.of(self).export_value(self.bucket.bucket_arn)
        self.warehouse_url = f"s3://{self.bucket.bucket_name}/warehouse"
        self.checkpoint_url = f"s3://{self.bucket.bucket_name}/checkpoints"
        self.log_url = f"s3://{self.bucket.bucket_name}/emr-logs/"
        self.databases = tuple(sorted({table.name.split(".")[0] for table in LAKE_TABLES}))
        for name in self.databases:
            database = glue.CfnDatabase(
                self,
                f"Database-{name}",
                catalog_id=Aws.ACCOUNT_ID,
                database_input=glue.CfnDatabase.DatabaseInputProperty(
                    name=name, location_uri=f"{self.warehouse_url}/{name}"
                ),
            )
            database.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)

    def grant_read(self, grantee: iam.IGrantable, *databases: str) -> None:
        """Read the tables of these databases."""
        self._grant_list(grantee)
        for name in databases:
            self._grant_objects(grantee, ("s3:GetObject",), f"warehouse/{name}")
        self.grant_catalog(grantee, _READ, databases)
        self.key.grant_decrypt(grantee)

    def grant_checkpoint(self, grantee: iam.IGrantable, application: str) -> None:
        """Keep what an application's restarts need."""
        self._grant_list(grantee)
        self._grant_objects(grantee, _OBJECTS, f"checkpoints/{application}")
        self._grant_seal(grantee)

    def grant_read_write(self, grantee: iam.IGrantable) -> None:
        """Create, read and write tables; never drop one."""
        self._grant_list(grantee)
        self._grant_objects(grantee, _OBJECTS, "warehouse")
        self.grant_catalog(grantee, (*_READ, *_WRITE))
        self._grant_seal(grantee)

    def grant_maintain(self, grantee: iam.IGrantable) -> None:
        """Rewrite, expire and clean up existing tables, but create none."""
        self._grant_list(grantee)
        self._grant_objects(
            grantee, ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), "warehouse"
        )
        self.grant_catalog(grantee, ("glue:GetTable", "glue:UpdateTable"))
        self._grant_seal(grantee)

    def grant_results(self, grantee: iam.IGrantable) -> None:
        """Write the results of queries, and read them."""
        self._grant_list(grantee)
        actions = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
        self._grant_objects(grantee, (*actions, "s3:ListMultipartUploadParts"), RESULTS)
        self._grant_seal(grantee)

    def grant_logs(self, grantee: iam.IGrantable) -> None:
        """Write what machines log."""
        self._grant_objects(grantee, ("s3:PutObject",), "emr-logs")
        self._grant_seal(grantee)

    def grant_failed_batches(self, grantee: iam.IGrantable) -> None:
        """Keep what an event source of Lambda could not deliver. Lambda chose the prefix."""
        self._grant_list(grantee)
        self._grant_objects(grantee, ("s3:PutObject",), "aws/lambda")
        self._grant_seal(grantee)

    def _grant_list(self, grantee: iam.IGrantable) -> None:
        allow(grantee, ["s3:GetBucketLocation", "s3:ListBucket"], [self._bucket_arn])

    def _grant_objects(
        self, grantee: iam.IGrantable, actions: tuple[str, ...], folder: str
    ) -> None:
        # S3A asks for an object of the folder's own name before it makes the folder.
        allow(
            grantee,
            actions,
            [f"{self._bucket_arn}/{folder}", f"{self._bucket_arn}/{folder}/*"],
            because="Files of a table, a checkpoint or a log are named when they are written.",
        )

    def _grant_seal(self, grantee: iam.IGrantable) -> None:
        """Read and write under the key. The library's own grants would allow patterns of
        actions."""
        self.key.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey")

    def grant_catalog(
        self,
        grantee: iam.IGrantable,
        actions: tuple[str, ...],
        databases: tuple[str, ...] | None = None,
    ) -> None:
        """Do `actions` to databases, of which None are all, and to their tables in Glue, not to
        what they hold."""
        stack = Stack.of(self)
        arns = [stack.format_arn(service="glue", resource="catalog")]
        for name in databases or self.databases:
            arns += [
                stack.format_arn(service="glue", resource="database", resource_name=name),
                stack.format_arn(service="glue", resource="table", resource_name=f"{name}/*"),
            ]
        allow(
            grantee,
            actions,
            arns,
            because="The jobs make the tables of a database, so a template cannot name them.",
        )

    def _bucket(self, settings: EnvironmentSettings) -> s3.Bucket:
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(settings.lake.log_days))],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        return s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            # One request to KMS for many objects: Iceberg writes several files per batch.
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="lake/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(settings.lake.noncurrent_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expired_object_delete_marker=True,
                ),
                s3.LifecycleRule(
                    prefix="warehouse/bronze/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                            transition_after=Duration.days(settings.lake.infrequent_after_days),
                        )
                    ],
                ),
                s3.LifecycleRule(prefix=f"{RESULTS}/", expiration=Duration.days(7)),
                s3.LifecycleRule(
                    prefix="emr-logs/", expiration=Duration.days(settings.lake.log_days)
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
