"""Ids packed and marked, and what an earlier release stored of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tables.postgres import CLICK_IDS
from emr_jobs.stores.arrow_copy import copy_into
from emr_jobs.stores.click_ids.blocks import PostgresBlocks
from emr_jobs.stores.click_ids.marks import BlockKey, Runs, run_of, suspects, with_run
from emr_jobs.stores.click_ids.packed import hashes_of, held_in, packed, unpacked
from emr_jobs.stores.click_ids.remembering import ClickIds
from tests.emr_jobs.stores.click_tables import NOON, clicks, text_of

_UUIDS = st.lists(st.uuids(), max_size=20)


@given(chunks=st.lists(_UUIDS, max_size=4), cut=st.integers(0, 5))
def test_ids_are_packed_as_their_bytes(chunks: list[list[UUID]], cut: int) -> None:
    """Whatever buffers the texts are in."""
    texts = pa.chunked_array([[str(each) for each in chunk] for chunk in chunks], pa.string())
    expected = [each.bytes for chunk in chunks for each in chunk][cut:]
    assert packed(texts.slice(cut)).tobytes() == b"".join(expected)


@pytest.mark.parametrize("text", ["", "1", "0" * 37], ids=["empty", "short", "long"])
def test_what_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a UUID"):
        packed(pa.chunked_array([[text_of(1), text]]))


@given(stored=st.sets(st.uuids(), max_size=20), others=st.sets(st.uuids(), max_size=5))
def test_a_block_holds_its_ids_alone(stored: set[UUID], others: set[UUID]) -> None:
    asked = [*others, *stored]
    ids = unpacked(b"".join(each.bytes for each in asked))
    found = held_in(b"".join(each.bytes for each in stored), ids)
    assert found.tolist() == [each in stored for each in asked]


def test_a_hash_is_as_good_as_random() -> None:
    """For ids that count upwards, too: half of the bits differ, and all have an own mark."""
    ids = unpacked(b"".join(UUID(int=number << 64).bytes for number in range(1 << 12)))
    hashes = hashes_of(ids)
    assert len(np.unique(hashes >> np.uint64(22))) == 1 << 12
    ones = np.bitwise_count(hashes[1:] ^ hashes[:-1])
    assert 31 < ones.mean() < 33


def blocks_of(count: int, size: int) -> list[tuple[BlockKey, bytes]]:
    """Blocks of random ids."""
    chance = np.random.default_rng(count)
    return [(BlockKey(number, "t", 0), chance.bytes(16 * size)) for number in range(count)]


def marked(blocks: list[tuple[BlockKey, bytes]]) -> Runs:
    runs: Runs = ()
    for each in blocks:
        runs = with_run(runs, run_of([each]))
    return runs


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_every_id_is_suspected_of_its_block_alone(count: int) -> None:
    blocks = blocks_of(count, 50)
    runs = marked(blocks)
    everything = unpacked(b"".join(ids for _, ids in blocks))
    found = {key: set(places.tolist()) for key, places in suspects(runs, hashes_of(everything))}
    assert found == {key: set(range(50 * at, 50 * at + 50)) for at, (key, _) in enumerate(blocks)}
    assert [*suspects(runs, hashes_of(unpacked(b"other" * 16)))] == []


def test_an_id_may_be_suspected_of_several_blocks() -> None:
    (_, ids), *_ = blocks_of(1, 1)
    keys = [BlockKey(number, "t", 0) for number in range(3)]
    runs = (run_of([(keys[0], ids), (keys[1], ids)]), run_of([(keys[2], ids)]))
    assert [key for key, _ in suspects(runs, hashes_of(unpacked(ids)))] == keys


def test_there_are_few_runs_and_each_is_twice_as_long_as_the_next() -> None:
    runs = marked(blocks_of(1000, 3))
    lengths = [len(each.marks) for each in runs]
    assert sum(lengths) == 3000
    assert all(longer >= 2 * shorter for longer, shorter in pairwise(lengths))
    assert [runs[0].span[0], runs[-1].span[1]] == [0, 999]


def test_the_longest_runs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emr_jobs.stores.click_ids.marks._MOST", 12)
    assert [len(each.marks) for each in marked(blocks_of(10, 3))] == [12, 12, 6]


def test_what_an_earlier_release_stored_is_moved_into_blocks(postgres: str) -> None:
    """And what it stored after that, where both took turns."""
    driver, old = ClickIds(PostgresBlocks()), clicks((1, 0, 5), (2, 0, 6), (3, 1, 7))
    later = clicks((4, 0, 8), at=NOON + timedelta(hours=1))
    with psycopg.connect(postgres, autocommit=True) as connection:
        for number, rows in enumerate((pa.concat_tables([old, later]), clicks((9, 0, 9)))):
            with connection.cursor() as cursor:
                copy_into(cursor, CLICK_IDS.name, rows)
            driver = ClickIds(PostgresBlocks())
            with connection.transaction():
                driver.remember(connection, 2 * number + 1, clicks())
        with connection.transaction():
            found = driver.remember(connection, 9, clicks(*((each, 0, 99) for each in range(11))))
        left = connection.execute("SELECT count(*) FROM click_ids").fetchone()
        blocks = connection.execute(
            'SELECT sequence, "partition", until, newest FROM click_id_blocks '
            'WHERE sequence < 0 ORDER BY sequence DESC, "partition"'
        ).fetchall()
    assert found == {text_of(each) for each in (1, 2, 3, 4, 9)}
    assert left == (0,)
    assert blocks == [
        (-1, 0, 9, NOON + timedelta(hours=1)),
        (-2, 0, 7, NOON),
        (-2, 1, 8, NOON),
        (-3, 0, 10, NOON),
    ]
