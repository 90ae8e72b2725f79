"""Unique counts that merge: HyperLogLog sketches, the same bytes in Spark and in Python."""

from __future__ import annotations

import datasketches

# 4,096 registers: a relative standard error of about 1.6 %, 4 KiB a sketch at most.
LG_K = 12
# From here on a sketch is registers, not a list of its members' hashes.
REGISTERS_BYTES = 1 << LG_K


def union_sketches(stored: bytes | None, new: bytes | None) -> bytes | None:
    """The sketch of both sets; None when neither has a member."""
    present = [datasketches.hll_sketch.deserialize(each) for each in (stored, new) if each]
    if not present:
        return None
    merged = _union(present)
    if len(merged) >= REGISTERS_BYTES:
        # Registers that have only been added to keep an estimate that depends on the order of the
        # members; a union, even with itself, has one that depends on the registers alone.
        merged = _union([datasketches.hll_sketch.deserialize(merged)] * 2)
    return merged


def sketch_estimate(sketch: bytes | None) -> int:
    """How many members the sketched set has, to the sketch's precision; 0 for None."""
    if not sketch:
        return 0
    estimate: float = datasketches.hll_sketch.deserialize(sketch).get_estimate()
    return round(estimate)


def _union(sketches: list[datasketches.hll_sketch]) -> bytes:
    union = datasketches.hll_union(LG_K)
    for sketch in sketches:
        union.update(sketch)
    merged: bytes = union.get_result(datasketches.tgt_hll_type.HLL_8).serialize_updatable()
    return merged
