"""The schema registry: what every implementation promises, and the one that needs no server.

RegistryError
  UnknownSchema        nobody registered this id; the value goes to quarantine
  InvalidSchema        the text is not an Avro schema; registration is refused
  IncompatibleSchema   the new version breaks readers; registration is refused
  RegistryUnavailable  the same call may succeed later; a batch waits
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid5

from contracts.registry.compatibility import breaking_changes
from contracts.registry.schema_text import SchemaError, parsed
from contracts.schemas import canonical

# A family is a folder's name on the laptop and a schema's name in Glue.
_FAMILY = re.compile(r"[a-z][a-z0-9_-]*")
_SCHEMA_VERSIONS = UUID("6f1c54c2-0d5c-5f0e-9d53-0b9f0c6a4a10")


class RegistryError(Exception):
    """The root of all that a registry raises."""


class UnknownSchema(RegistryError):
    """No schema version has this id."""


class InvalidSchema(RegistryError):
    """The text is not an Avro schema."""


class IncompatibleSchema(RegistryError):
    """The schema cannot read what the versions before it wrote."""


class RegistryUnavailable(RegistryError):
    """The registry did not answer, so nothing is known about the id."""


@dataclass(frozen=True)
class SchemaVersion:
    """One registered writer schema; `schema` is its canonical text."""

    id: UUID
    family: str
    number: int
    schema: str


class Registry(Protocol):
    """The versions of each family's schema (``orders``, ``clicks`` ...), BACKWARD compatible."""

    def register(self, family: str, schema: str) -> SchemaVersion:
        """Add a version and return it; a known schema returns the version that it already is."""

    def latest(self, family: str) -> SchemaVersion:
        """The newest version, which readers read into; UnknownSchema if the family has none."""

    def version(self, schema_id: UUID) -> SchemaVersion:
        """The version with this id; UnknownSchema if there is none."""

    def versions(self, family: str) -> Sequence[SchemaVersion]:
        """All versions of a family, oldest first; empty if there are none."""


class SchemaStore(Protocol):
    """Keeps the schema texts of the bundled registry."""

    def read(self, family: str) -> Sequence[str]: ...

    def families(self) -> Sequence[str]: ...

    def append(self, family: str, schema: str) -> None: ...


class BundledRegistry:
    """A registry that derives its ids from the schema texts, so they outlive every process.

    It asks the store at every call, so it sees a version that another process added.
    """

    def __init__(self, store: SchemaStore) -> None:
        self._store = store
        self._known: dict[str, tuple[tuple[str, ...], tuple[SchemaVersion, ...]]] = {}
        self._by_id: dict[UUID, SchemaVersion] = {}

    def register(self, family: str, schema: str) -> SchemaVersion:
        text = checked_schema(family, schema)
        known = self.versions(family)
        for version in known:
            if version.schema == text:
                return version
        require_compatible(family, text, known)
        self._store.append(family, text)
        return self.version(version_id(family, text))

    def latest(self, family: str) -> SchemaVersion:
        known = self.versions(family)
        if not known:
            raise UnknownSchema(f"no schema is registered for {family!r}")
        return known[-1]

    def version(self, schema_id: UUID) -> SchemaVersion:
        if schema_id not in self._by_id:
            for family in self._store.families():
                self.versions(family)
        if schema_id not in self._by_id:
            raise UnknownSchema(f"no schema has the id {schema_id}")
        return self._by_id[schema_id]

    def versions(self, family: str) -> Sequence[SchemaVersion]:
        texts = tuple(self._store.read(family))
        known = self._known.get(family)
        if known is None or known[0] != texts:
            unique = dict.fromkeys(map(canonical, texts))
            known = (
                texts,
                tuple(
                    SchemaVersion(version_id(family, text), family, number, text)
                    for number, text in enumerate(unique, start=1)
                ),
            )
            self._known[family] = known
            self._by_id |= {version.id: version for version in known[1]}
        return known[1]


class MemoryStore:
    """Schema texts in memory."""

    def __init__(self, schemas: dict[str, tuple[str, ...]]) -> None:
        self._schemas = {family: list(texts) for family, texts in schemas.items()}

    def read(self, family: str) -> Sequence[str]:
        return tuple(self._schemas.get(family, ()))

    def families(self) -> Sequence[str]:
        return tuple(self._schemas)

    def append(self, family: str, schema: str) -> None:
        self._schemas.setdefault(family, []).append(schema)


def version_id(family: str, schema: str) -> UUID:
    """The bundled registry's id of a schema: uuid5 of its family and its canonical text."""
    return uuid5(_SCHEMA_VERSIONS, f"{family}:{canonical(schema)}")


def checked_schema(family: str, schema: str) -> str:
    """The canonical text of a schema to be registered; InvalidSchema if it is not a schema."""
    if not _FAMILY.fullmatch(family):
        raise InvalidSchema(f"a family is named with a-z, 0-9, _ and -, got {family!r}")
    try:
        parsed(schema)
    except SchemaError as error:
        raise InvalidSchema(f"the new schema of {family!r} is refused: {error}") from error
    return canonical(schema)


def require_compatible(family: str, schema: str, known: Sequence[SchemaVersion]) -> None:
    """BACKWARD: raise IncompatibleSchema unless the new schema reads what the newest one wrote."""
    if not known:
        return
    breaking = breaking_changes(reader=schema, writer=known[-1].schema)
    if breaking:
        raise IncompatibleSchema(
            f"the new schema of {family!r} cannot read version {known[-1].number}: "
            + "; ".join(breaking)
        )
