"""Glue's optimizers of one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3

from lambdas.process import environment
from lambdas.table_optimizers.logic import Configuration, Kind


@dataclass(frozen=True)
class OptimizerSettings:
    """`catalog` is the account of the catalog, `role` the ARN of the role that Glue takes."""

    catalog: str
    role: str
    snapshot_hours: int

    @classmethod
    def from_environment(cls) -> OptimizerSettings:
        given = environment()
        return cls(given["CATALOG"], given["OPTIMIZER_ROLE"], int(given["SNAPSHOT_HOURS"]))


class Optimizers:
    """The optimizers of one catalog's tables. A table is given by its dotted name."""

    def __init__(self, catalog: str) -> None:
        self._catalog = catalog
        self._client: Any = boto3.client("glue")

    def table_exists(self, table: str) -> bool:
        database, _, name = table.partition(".")
        try:
            self._client.get_table(CatalogId=self._catalog, DatabaseName=database, Name=name)
        except self._client.exceptions.EntityNotFoundException:
            return False
        return True

    def current(self, table: str, kind: Kind) -> Configuration | None:
        """The configuration of an optimizer; None where there is none."""
        try:
            answer = self._client.get_table_optimizer(**self._named(table, kind))
        except self._client.exceptions.EntityNotFoundException:
            return None
        configuration: Configuration = answer["TableOptimizer"]["configuration"]
        return configuration

    def create(self, table: str, kind: Kind, configuration: Configuration) -> None:
        self._client.create_table_optimizer(
            **self._named(table, kind), TableOptimizerConfiguration=configuration
        )

    def update(self, table: str, kind: Kind, configuration: Configuration) -> None:
        self._client.update_table_optimizer(
            **self._named(table, kind), TableOptimizerConfiguration=configuration
        )

    def _named(self, table: str, kind: Kind) -> dict[str, str]:
        database, _, name = table.partition(".")
        return {
            "CatalogId": self._catalog,
            "DatabaseName": database,
            "TableName": name,
            "Type": kind,
        }
