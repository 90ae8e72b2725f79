"""The schema registry of Glue: one schema per topic, with every version that is shipped."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.grants import allow
from cdk.settings import EnvironmentSettings
from contracts.schemas import bundled_schemas


class SchemaRegistry(Construct):
    """Glue checks BACKWARD compatibility too. The rules of contracts.registry.compatibility are
    stricter, and they are checked before anything is registered."""

    def __init__(self, scope: Construct, id: str, *, settings: EnvironmentSettings) -> None:
        super().__init__(scope, id)
        self.registry_name = settings.name("schemas")
        self._registry = glue.CfnRegistry(
            self, "Registry", name=self.registry_name, description="Events of the shop"
        )
        self._registry.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        for family, versions in bundled_schemas().items():
            self._family(family, versions)

    @property
    def spec(self) -> str:
        """How functions and jobs are told of it."""
        return f"glue:{self.registry_name}"

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Find and read every version of every schema."""
        stack = Stack.of(self)
        schemas = stack.format_arn(
            service="glue", resource="schema", resource_name=f"{self.registry_name}/*"
        )
        allow(
            grantee,
            ["glue:GetRegistry", "glue:GetSchema", "glue:ListSchemaVersions"],
            [self._registry.attr_arn, schemas],
            because="Schemas of later versions are read without a new deployment.",
        )
        # Each event begins with the id of a version. By its id alone a version belongs to no
        # schema.
        allow(
            grantee,
            ["glue:GetSchemaVersion"],
            ["*"],
            because="A version asked for by its id names neither a registry nor a schema.",
        )

    def _family(self, family: str, versions: tuple[str, ...]) -> None:
        schema = glue.CfnSchema(
            self,
            f"Schema-{family}",
            name=family,
            compatibility="BACKWARD",
            data_format="AVRO",
            schema_definition=versions[0],
            registry=glue.CfnSchema.RegistryProperty(arn=self._registry.attr_arn),
        )
        schema.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        for number, text in enumerate(versions[1:], 2):
            later = glue.CfnSchemaVersion(
                self,
                f"Schema-{family}-{number}",
                schema=glue.CfnSchemaVersion.SchemaProperty(schema_arn=schema.attr_arn),
                schema_definition=text,
            )
            later.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
