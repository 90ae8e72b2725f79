"""Decode a batch as the values were that came until now, and again when it holds others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from pyspark.sql import DataFrame

from contracts.registry import Registry, UnknownSchema
from contracts.topics import Topic
from emr_jobs.transforms.classify import classify
from emr_jobs.transforms.decode import COMPRESSED, Schemas, decode
from emr_jobs.transforms.steps import Step

T = TypeVar("T")


class Decoder:
    """The decode branches of one topic. They grow when the registry learns of a new schema, and
    when the first compressed value comes: most shops have none."""

    def __init__(self, registry: Registry, topic: Topic) -> None:
        self._registry = registry
        self._topic = topic
        self._inflating = False
        self._steps = self._load()

    def classified(self, records: DataFrame) -> DataFrame:
        """Records with `event`, `reason`, `detail`, `schema_id` and `late_by_us`."""
        for step in self._steps:
            records = step(records)
        return records

    def decoded(self, records: DataFrame, read: Callable[[DataFrame], tuple[T, set[str]]]) -> T:
        """`read` consumes the classified records and tells the unknown schema ids it met; it is
        called again when one of them can be read now. RegistryUnavailable passes
        through: the batch waits rather than quarantine what is good."""
        result, unknown = read(self.classified(records))
        if self.learned(unknown):
            result, _ = read(self.classified(records))
        return result

    def learned(self, unknown: Iterable[str]) -> bool:
        """Whether one of these unknown schema ids has been registered meanwhile, or means that a
        value is compressed; its branch is there from now on."""
        met = set(unknown)
        compressed = COMPRESSED in met
        if not compressed and not any(self._is_ours(schema_id) for schema_id in met):
            return False
        self._inflating = self._inflating or compressed
        self._steps = self._load()
        return True

    def _is_ours(self, schema_id: str) -> bool:
        try:
            return self._registry.version(UUID(schema_id)).family == self._topic.schema
        except UnknownSchema:
            return False

    def _load(self) -> tuple[Step, ...]:
        family = self._topic.schema
        schemas = Schemas(tuple(self._registry.versions(family)), self._registry.latest(family))
        return decode(self._topic, schemas, inflating=self._inflating), classify(self._topic)
