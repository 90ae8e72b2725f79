"""The lake: one bucket of Iceberg tables and checkpoints, and their Glue databases."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.settings import Settings
from contracts.tables.lake import LAKE_TABLES

# An analyst's query reads no more than this without asking: 100 GB.
_MAX_SCANNED_BYTES = 100 * 1000**3
_READ = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables")
_WRITE = ("glue:CreateTable", "glue:UpdateTable")


class Lake(Construct):
    """The jobs create the tables; a catalog of AWS Glue is one an account and region, so each
    environment has an account of its own."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self._key = key
        self.bucket = self._bucket(settings)
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
            database.apply_removal_policy(RemovalPolicy.RETAIN)
        self._workgroup(settings)

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Read every table."""
        self.bucket.grant_read(grantee, "warehouse/*")
        self._grant_catalog(grantee, _READ)

    def grant_read_write(self, grantee: iam.IGrantable) -> None:
        """Create, read and write tables and checkpoints; never drop one."""
        for prefix in ("warehouse/*", "checkpoints/*"):
            self.bucket.grant_read_write(grantee, prefix)
        self._grant_catalog(grantee, (*_READ, *_WRITE))

    def grant_logs(self, grantee: iam.IGrantable) -> None:
        """Write what machines log."""
        self.bucket.grant_put(grantee, "emr-logs/*")

    def grant_failed_batches(self, grantee: iam.IGrantable) -> None:
        """Keep what an event source of Lambda could not hand over; the prefix is Lambda's."""
        self.bucket.grant_put(grantee, "aws/lambda/*")
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["s3:ListBucket"], resource_arns=[self.bucket.bucket_arn]
        )

    def _grant_catalog(self, grantee: iam.IGrantable, actions: tuple[str, ...]) -> None:
        stack = Stack.of(self)
        databases = [
            stack.format_arn(service="glue", resource="database", resource_name=name)
            for name in self.databases
        ]
        tables = [
            stack.format_arn(service="glue", resource="table", resource_name=f"{name}/*")
            for name in self.databases
        ]
        catalog = stack.format_arn(service="glue", resource="catalog")
        iam.Grant.add_to_principal(
            grantee=grantee, actions=list(actions), resource_arns=[catalog, *databases, *tables]
        )

    def _bucket(self, settings: Settings) -> s3.Bucket:
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(settings.lake.log_days))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        return s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            # One request to KMS for many objects: Iceberg writes several files a batch.
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
                s3.LifecycleRule(prefix="athena/", expiration=Duration.days(7)),
                s3.LifecycleRule(
                    prefix="emr-logs/", expiration=Duration.days(settings.lake.log_days)
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _workgroup(self, settings: Settings) -> None:
        athena.CfnWorkGroup(
            self,
            "Analysts",
            name=settings.name("analysts"),
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=_MAX_SCANNED_BYTES,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{self.bucket.bucket_name}/athena/",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=self._key.key_arn
                    ),
                ),
            ),
        )
