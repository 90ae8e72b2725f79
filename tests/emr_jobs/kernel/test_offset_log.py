"""Batch ranges from the files of a checkpoint, as Spark 4.1 writes them."""

from __future__ import annotations

import pytest

from emr_jobs.kernel.offset_log import batch_ranges

IDS = {"ecommerce-orders": "id"}
HEAD = 'v1\n{"batchWatermarkMs":0,"batchTimestampMs":1,"conf":{}}\n'


class Files(dict[str, str]):
    def read(self, path: str) -> str | None:
        return self.get(path)


CHECKPOINT = Files(
    {
        "sources/0/0": '\0v1\n{"ecommerce-orders":{"0":5,"1":0}}',
        "offsets/0": HEAD + '{"ecommerce-orders":{"0":7,"1":0}}',
        "offsets/1": HEAD + '{"ecommerce-orders":{"0":7,"1":4,"2":3}}',
    }
)


@pytest.mark.parametrize(
    ("batch_id", "expected"),
    [
        pytest.param(0, [(0, 5, 7), (1, 0, 0)], id="the first starts where the source began"),
        pytest.param(1, [(0, 7, 7), (1, 0, 4), (2, 0, 3)], id="a new partition starts at 0"),
    ],
)
def test_ranges(batch_id: int, expected: list[tuple[int, int, int]]) -> None:
    found = batch_ranges(CHECKPOINT, batch_id, IDS)
    assert [(each.partition, each.start, each.end) for each in found] == expected


def test_a_batch_that_the_log_does_not_hold_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="offsets/2"):
        batch_ranges(CHECKPOINT, 2, IDS)


def test_several_topics_keep_their_own_ids() -> None:
    files = Files(
        {
            "sources/0/0": '\0v1\n{"a":{"0":1},"b":{"0":2}}',
            "offsets/0": HEAD + '{"b":{"0":3},"a":{"0":2}}',
        }
    )
    found = batch_ranges(files, 0, {"a": "id-a", "b": "id-b"})
    assert [(each.topic_id, each.start, each.end) for each in found] == [
        ("id-a", 1, 2),
        ("id-b", 2, 3),
    ]
