"""Analysts: they read the lake by Athena and the answers in Postgres, and write only results."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.grants import allow, people_of_account
from cdk.lake.saved_queries import saved_queries
from cdk.lake.tables import RESULTS, Lake
from cdk.settings import EnvironmentSettings
from cdk.stores.postgres import Postgres
from contracts.tables.roles import READER

# A query may read at most 100 GB.
_MAX_SCANNED_BYTES = 100 * 1000**3
_ASK = (
    *("athena:BatchGetNamedQuery", "athena:GetNamedQuery", "athena:ListNamedQueries"),
    *("athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
    *("athena:GetQueryResultsStream", "athena:GetQueryRuntimeStatistics"),
    *("athena:GetWorkGroup", "athena:ListQueryExecutions"),
    *("athena:StartQueryExecution", "athena:StopQueryExecution"),
)
# The console asks for all before it shows the one that may be used.
_LIST = ("athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups")
# What people ask about. Bronze holds the bytes that were sent, whatever they are.
_OF_EVENTS = ("silver", "gold")
# The queries name the database of each table; Athena asks for one all the same.
_DATABASE = "gold"
_LOOK = (
    *("athena:GetDatabase", "athena:GetDataCatalog", "athena:GetTableMetadata"),
    *("athena:ListDatabases", "athena:ListTableMetadata"),
)


class Analysts(Construct):
    """A workgroup that limits the cost of a query and holds the saved ones, and `role`, which
    everyone can take who may assume roles of the account, by default with a second factor."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        lake: Lake,
        postgres: Postgres,
    ) -> None:
        super().__init__(scope, id)
        self.workgroup_name = name = settings.name("analysts")
        self._workgroup(name, lake)
        self.role = iam.Role(
            self,
            "Role",
            description="Read the lake and the answers",
            assumed_by=people_of_account(with_mfa=settings.people_with_mfa),
        )
        self._lake = lake
        self.grant_ask(self.role, *_OF_EVENTS)
        allow(self.role, _LIST, ["*"], because="Lists of workgroups cannot be limited to one.")
        postgres.grant_connect(self.role, READER)

    def grant_ask(self, grantee: iam.IGrantable, *databases: str) -> None:
        """Ask these databases of the lake in the workgroup."""
        stack = Stack.of(self)
        group = stack.format_arn(
            service="athena", resource="workgroup", resource_name=self.workgroup_name
        )
        catalog = stack.format_arn(
            service="athena", resource="datacatalog", resource_name="AwsDataCatalog"
        )
        allow(grantee, _ASK, [group])
        allow(grantee, _LOOK, [catalog])
        self._lake.grant_read(grantee, *databases)
        self._lake.grant_results(grantee)

    def _workgroup(self, name: str, lake: Lake) -> None:
        kind = athena.CfnWorkGroup
        workgroup = kind(
            self,
            "Workgroup",
            name=name,
            work_group_configuration=kind.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=_MAX_SCANNED_BYTES,
                result_configuration=kind.ResultConfigurationProperty(
                    output_location=f"s3://{lake.bucket.bucket_name}/{RESULTS}/",
                    encryption_configuration=kind.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=lake.key.key_arn
                    ),
                ),
            ),
        )
        for query in saved_queries():
            saved = athena.CfnNamedQuery(
                self,
                f"Query {query.name}",
                name=query.name,
                description=query.meaning,
                database=_DATABASE,
                query_string=query.sql,
                work_group=name,
            )
            saved.add_resource_dependency(workgroup)
