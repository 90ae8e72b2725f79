"""How a table is described once and rendered for each engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal[
    "uuid",
    "text",
    "texts",
    "bigint",
    "integer",
    "boolean",
    "timestamp",
    "money",
    "bytes",
    "json",
    "lines",
]

# What Postgres and the lake call each type; "" where the engine has no column of it.
_NAMES: dict[Type, tuple[str, str]] = {
    "uuid": ("uuid", "string"),
    "text": ("text", "string"),
    "texts": ("text[]", "array<string>"),
    "bigint": ("bigint", "bigint"),
    "integer": ("integer", "int"),
    "boolean": ("boolean", "boolean"),
    "timestamp": ("timestamptz", "timestamp"),
    "money": ("numeric(18,2)", "decimal(18,2)"),
    "bytes": ("bytea", "binary"),
    "json": ("jsonb", "string"),
    "lines": (
        "",
        "array<struct<product_id: string, product_name: string, category: string, "
        "quantity: int, unit_price: decimal(18,4)>>",
    ),
}


@dataclass(frozen=True)
class Column:
    """`default` and `generated` are Postgres expressions; a generated column is never written."""

    name: str
    type: Type
    meaning: str = ""
    nullable: bool = False
    default: str = ""
    generated: str = ""


@dataclass(frozen=True)
class Table:
    """One table; `grain` says what a row is; `name` has a schema unless it is Postgres' public."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    partitioned_by: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[Column, ...]:
        """The columns a writer fills."""
        return tuple(column for column in self.columns if not column.generated)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def postgres_ddl(self) -> tuple[str, ...]:
        """Idempotent statements that make the table, or add to an older one what it lacks.

        A column added to a table that is in use is nullable, generated or has a default.
        """
        lines = [_postgres_column(column) for column in self.columns]
        if self.key:
            lines.append(f"PRIMARY KEY ({', '.join(map(quoted, self.key))})")
        body = ",\n  ".join(lines)
        added = ",\n  ".join(
            f"ADD COLUMN IF NOT EXISTS {_postgres_column(column)}"
            for column in self.columns
            if (column.nullable or column.default or column.generated)
            and column.name not in self.key
        )
        short = self.name.replace(".", "_")
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name} (\n  {body}\n)",
            *([f"ALTER TABLE {self.name}\n  {added}"] if added else []),
            *(
                f"CREATE INDEX IF NOT EXISTS {short}_{number} ON {self.name} {definition}"
                for number, definition in enumerate(self.indexes, start=1)
            ),
        )

    def lake_ddl(self, catalog: str) -> str:
        """An idempotent Spark SQL statement that makes the Iceberg table (format v2, zstd)."""
        body = ",\n  ".join(
            f"{column.name} {_NAMES[column.type][1]}{'' if column.nullable else ' NOT NULL'}"
            for column in self.columns
        )
        # Rows of one region and day go to one task, which writes one file at a time: a backlog of
        # nine months touches a thousand such partitions, and a thousand open files sank a 2 GiB
        # heap.
        distribution = "hash" if "region" in self.partitioned_by else "none"
        partitions = f"PARTITIONED BY ({', '.join(self.partitioned_by)})"
        return (
            f"CREATE TABLE IF NOT EXISTS {catalog}.{self.name} (\n  {body}\n) USING iceberg\n"
            f"{partitions if self.partitioned_by else ''}\n"
            "TBLPROPERTIES ('format-version'='2', 'write.parquet.compression-codec'='zstd', "
            f"'write.distribution-mode'='{distribution}', "
            "'write.spark.fanout.enabled'='false', "
            # Most columns of an event differ in every row. Parquet tries a dictionary for each, up
            # to this size: with the default of 2 MB that was a seventh of a batch of ingest.
            "'write.parquet.dict-size-bytes'='65536', "
            "'history.expire.max-snapshot-age-ms'='86400000', "
            # Every commit writes this file anew, and nothing but this ever removes the old ones.
            "'write.metadata.delete-after-commit.enabled'='true', "
            "'write.metadata.previous-versions-max'='100')"
        )


def _postgres_column(column: Column) -> str:
    parts = [quoted(column.name), _NAMES[column.type][0]]
    if column.generated:
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) STORED")
    if column.default:
        parts.append(f"DEFAULT {column.default}")
    if not column.nullable and not column.generated:
        parts.append("NOT NULL")
    return " ".join(parts)


def quoted(name: str) -> str:
    """A name in SQL: `offset` is a keyword in Postgres, so every column is quoted."""
    return '"' + name.replace('"', '""') + '"'
