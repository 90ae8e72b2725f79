"""Which events of a batch are copies: of an earlier record of it, or of an event in silver."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F

from contracts.tables.lake import POSITION
from emr_jobs.apps.kept_events import POSITION_IN_KAFKA, POSITION_IN_TOPIC
from emr_jobs.apps.kept_records import KeptRecords, is_late, union_of, window_start
from emr_jobs.stores.lake import LakeTable

# Eight bytes stand for an id until the few ids that may be copies are known: they are grouped and
# sent to every task at a fraction of the cost. Ids that share them are told apart afterwards.
_FINGERPRINT = "fingerprint"
_TWIN = {name: f"twin_{name}" for name in POSITION_IN_KAFKA}
_OF_POSITION: dict[str, pa.DataType] = {
    "topic": pa.string(),
    "topic_id": pa.string(),
    "cluster_id": pa.string(),
    "partition": pa.int32(),
    "offset": pa.int64(),
    "append_time": pa.timestamp("us", "UTC"),
}
_KNOWN = pa.schema(
    [
        ("event_id", pa.string()),
        *((name, _OF_POSITION[name]) for name in POSITION_IN_KAFKA),
        (_FINGERPRINT, pa.int64()),
    ]
)
_SUSPECTED = pa.schema(
    [
        *_OF_POSITION.items(),
        ("event_id", pa.string()),
        ("window_start", pa.timestamp("us", "UTC")),
        ("late", pa.int64()),
    ]
)
_COPIES = pa.schema([*_SUSPECTED, *((twin, _OF_POSITION[name]) for name, twin in _TWIN.items())])


def copies_in(
    kept: Mapping[str, KeptRecords], silver: Mapping[str, LakeTable]
) -> dict[str, pa.Table]:
    """The events of each topic that are not to be counted, each with the position of the one that
    is, its `twin`: in silver, or the lowest of the batch.

    A driver that died may have left the batch's own events in silver: these are no copies.
    """
    batch = union_of(each.events.select(_fingerprint()) for each in kept.values())
    known = {name: _known(each, silver[name]) for name, each in kept.items()}
    repeated = batch.groupBy(_FINGERPRINT).count().where("count > 1").select(_FINGERPRINT)
    suspects = pa.concat_tables(
        [
            repeated.toArrow().cast(pa.schema([_KNOWN.field(_FINGERPRINT)])),
            *(each.select([_FINGERPRINT]) for each in known.values()),
        ]
    )
    if not suspects.num_rows:
        return dict.fromkeys(kept, _COPIES.empty_table())
    found = _suspected(kept, suspects)
    return {
        name: _copies(found.filter(pc.equal(found["topic"], name)), known[name]) for name in kept
    }


def _known(kept: KeptRecords, silver: LakeTable) -> pa.Table:
    """The events that silver holds already, with their positions there.

    Copies share region and event time, so only files are read that may hold such. That is exact for
    all time. The answer is values and not a plan: Spark plans what is cached from a table anew at
    each commit to the table, which took the greater part of a batch.
    """
    stored = silver.within_spans(kept.spans)
    if stored is None:
        return _KNOWN.empty_table()
    own = F.broadcast(kept.events.select(_fingerprint()))
    return (
        stored.select("event_id", *POSITION_IN_KAFKA, _fingerprint())
        .join(own, _FINGERPRINT, "left_semi")
        .select(*_KNOWN.names)
        .toArrow()
        .cast(_KNOWN)
    )


def _suspected(kept: Mapping[str, KeptRecords], suspects: pa.Table) -> pa.Table:
    """The events of the batch that have one of the fingerprints."""
    names = (*(column.name for column in POSITION), "event_id")
    columns = (*map(F.col, names), window_start(), is_late(), _fingerprint())
    some = next(iter(kept.values())).frame.sparkSession
    wanted = F.broadcast(some.createDataFrame(suspects.group_by(_FINGERPRINT).aggregate([])))
    events = union_of(each.events.select(*columns) for each in kept.values())
    found = events.join(wanted, _FINGERPRINT, "left_semi").select(*_SUSPECTED.names)
    return found.toArrow().cast(_SUSPECTED)


def _copies(suspected: pa.Table, known: pa.Table) -> pa.Table:
    stored = known.select(["event_id", *_TWIN]).rename_columns(["event_id", *_TWIN.values()])
    ordered = suspected.sort_by([(name, "ascending") for name in POSITION_IN_TOPIC])
    numbered = ordered.append_column("number", pa.array(range(ordered.num_rows), pa.int64()))
    lowest = numbered.group_by("event_id").aggregate([("number", "min")])["number_min"]
    firsts = ordered.take(lowest).select(["event_id", *_TWIN])
    firsts = firsts.rename_columns(["event_id", *_TWIN.values()])
    new = firsts.filter(pc.invert(pc.is_in(firsts["event_id"], stored["event_id"].unique())))
    paired = ordered.join(pa.concat_tables([stored, new]), "event_id", join_type="inner")
    own = [pc.equal(paired[name], paired[twin]) for name, twin in _TWIN.items()]
    copies = paired.filter(pc.invert(pc.and_(pc.and_(own[0], own[1]), own[2])))
    return copies.select(_COPIES.names)


def _fingerprint() -> Column:
    return F.xxhash64("event_id").alias(_FINGERPRINT)
