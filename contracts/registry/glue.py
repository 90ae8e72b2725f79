"""The registry on AWS: the Glue Schema Registry, which keeps the promises of the bundled one.

Glue only stores. Our own rules judge compatibility before anything is registered. The ids are
Glue's own (SchemaVersionId), which its serializers in other languages write too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from contracts.registry import (
    IncompatibleSchema,
    RegistryUnavailable,
    SchemaVersion,
    UnknownSchema,
    checked_schema,
    require_compatible,
)
from contracts.schemas import canonical

# Glue checks a new version after it has answered; the check takes about a second.
_CHECK_SECONDS = 30.0
_POLL_SECONDS = 0.5


class GlueRegistry:
    """A client of one Glue registry; `client` is boto3's client of ``glue``.

    A version is kept for good once it is found, because it never changes. The list of a family is
    asked for again after `fresh_for` seconds, or as soon as a newer version is met.
    """

    def __init__(
        self,
        client: Any,
        registry: str,
        *,
        fresh_for: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._registry = registry
        self._fresh_for = fresh_for
        self._clock = clock
        self._wait = wait
        self._by_id: dict[UUID, SchemaVersion] = {}
        self._by_number: dict[tuple[str, int], SchemaVersion] = {}
        self._families: dict[str, tuple[float, tuple[SchemaVersion, ...]]] = {}

    def register(self, family: str, schema: str) -> SchemaVersion:
        text = checked_schema(family, schema)
        self._families.pop(family, None)
        known = self.versions(family)
        for version in known:
            if version.schema == text:
                return version
        require_compatible(family, text, known)
        made = self._add_version(family, text) if known else self._create(family, text)
        self._families.pop(family, None)
        return self._confirmed(UUID(made["SchemaVersionId"]), family)

    def latest(self, family: str) -> SchemaVersion:
        known = self.versions(family)
        if not known:
            raise UnknownSchema(f"no schema is registered for {family!r} in {self._registry}")
        return known[-1]

    def version(self, schema_id: UUID) -> SchemaVersion:
        known = self._by_id.get(schema_id)
        if known is None:
            known = self._fetch(schema_id)
            listed = self._families.get(known.family)
            if listed is not None and known not in listed[1]:
                del self._families[known.family]
        return known

    def versions(self, family: str) -> Sequence[SchemaVersion]:
        listed = self._families.get(family)
        now = self._clock()
        if listed is None or now - listed[0] >= self._fresh_for:
            listed = now, self._list(family)
            self._families[family] = listed
        return listed[1]

    def _list(self, family: str) -> tuple[SchemaVersion, ...]:
        """The versions by number, up to the newest; only a number not seen before costs a call."""
        schema = self._call("get_schema", SchemaId=self._schema_id(family))
        if schema is None:
            self._require_registry()
            return ()
        found = []
        for number in range(1, int(schema["LatestSchemaVersion"]) + 1):
            version = self._numbered(family, number)
            if version is not None:
                found.append(version)
        return tuple(found)

    def _numbered(self, family: str, number: int) -> SchemaVersion | None:
        """The version; None for a number that is deleted, refused, or not yet checked."""
        if (family, number) not in self._by_number:
            answer = self._call(
                "get_schema_version",
                SchemaId=self._schema_id(family),
                SchemaVersionNumber={"VersionNumber": number},
            )
            if answer is None or answer["Status"] != "AVAILABLE":
                return None
            self._by_number[family, number] = self._of(answer)
        return self._by_number[family, number]

    def _fetch(self, schema_id: UUID) -> SchemaVersion:
        answer = self._call("get_schema_version", SchemaVersionId=str(schema_id))
        if answer is None:
            self._require_registry()
            raise UnknownSchema(f"no schema has the id {schema_id}")
        if answer["Status"] == "PENDING":
            raise RegistryUnavailable(f"Glue has not finished checking {schema_id}")
        usable = answer["Status"] == "AVAILABLE" and answer["DataFormat"] == "AVRO"
        # arn:aws:glue:REGION:ACCOUNT:schema/REGISTRY/FAMILY
        if not usable or answer["SchemaArn"].split("/")[1] != self._registry:
            raise UnknownSchema(f"{schema_id} is not a usable version of {self._registry}")
        return self._of(answer)

    def _of(self, answer: Any) -> SchemaVersion:
        schema_id = UUID(answer["SchemaVersionId"])
        self._by_id[schema_id] = SchemaVersion(
            schema_id,
            answer["SchemaArn"].rpartition("/")[2],
            int(answer["VersionNumber"]),
            canonical(answer["SchemaDefinition"]),
        )
        return self._by_id[schema_id]

    def _create(self, family: str, text: str) -> Any:
        return self._write(
            "create_schema",
            RegistryId={"RegistryName": self._registry},
            SchemaName=family,
            DataFormat="AVRO",
            Compatibility="BACKWARD",
            SchemaDefinition=text,
        )

    def _add_version(self, family: str, text: str) -> Any:
        return self._write(
            "register_schema_version", SchemaId=self._schema_id(family), SchemaDefinition=text
        )

    def _confirmed(self, schema_id: UUID, family: str) -> SchemaVersion:
        deadline = self._clock() + _CHECK_SECONDS
        while True:
            answer = self._write("get_schema_version", SchemaVersionId=str(schema_id))
            if answer["Status"] == "AVAILABLE":
                return self.version(schema_id)
            if answer["Status"] != "PENDING":
                raise IncompatibleSchema(f"Glue refused the new schema of {family!r}")
            if self._clock() >= deadline:
                raise RegistryUnavailable(f"Glue has not finished checking {schema_id}")
            self._wait(_POLL_SECONDS)

    def _schema_id(self, family: str) -> dict[str, str]:
        return {"RegistryName": self._registry, "SchemaName": family}

    def _require_registry(self) -> None:
        """RegistryUnavailable if there is no such registry, which would make all ids unknown."""
        if self._call("get_registry", RegistryId={"RegistryName": self._registry}) is None:
            raise RegistryUnavailable(f"there is no Glue registry {self._registry!r}")

    def _write(self, operation: str, **arguments: Any) -> Any:
        answer = self._call(operation, **arguments)
        if answer is None:
            raise RegistryUnavailable(f"Glue has no registry {self._registry!r} to write to")
        return answer

    def _call(self, operation: str, **arguments: Any) -> Any:
        """Glue's answer; None only if Glue itself says that there is no such thing."""
        try:
            return getattr(self._client, operation)(**arguments)
        except self._client.exceptions.EntityNotFoundException:
            return None
        except self._client.exceptions.ClientError as error:
            raise RegistryUnavailable(f"Glue {operation}: {error}") from error
        except Exception as error:
            # No AWS package is imported here, so its root of connection errors is told by its name.
            if any(kind.__name__ == "BotoCoreError" for kind in type(error).__mro__):
                raise RegistryUnavailable(f"Glue {operation}: {error}") from error
            raise
