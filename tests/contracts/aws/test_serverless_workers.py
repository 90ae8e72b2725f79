"""Workers of EMR Serverless: what Spark adds, and the largest that are offered."""

from __future__ import annotations

import pytest

from contracts.aws.serverless_workers import refusal, worker_gb
from contracts.aws.spark_submit import Sizes


@pytest.mark.parametrize(
    ("memory", "gigabytes"),
    [
        pytest.param("3g", 4, id="384 MiB at least"),
        pytest.param("6g", 7, id="a tenth"),
        pytest.param("10g", 11, id="a tenth that is whole"),
        pytest.param("11g", 13, id="a tenth that is not"),
    ],
)
def test_spark_adds_to_what_it_is_given(memory: str, gigabytes: int) -> None:
    assert worker_gb(memory) == gigabytes


@pytest.mark.parametrize(
    ("cores", "most", "beyond"),
    [
        (1, "7g", "8g"),
        (2, "14g", "15g"),
        (4, "27g", "28g"),
        (8, "54g", "55g"),
        (16, "109g", "110g"),
    ],
)
def test_each_number_of_cores_has_a_largest_memory(cores: int, most: str, beyond: str) -> None:
    assert refusal(Sizes(executor_cores=cores, executor_memory=most)) is None
    assert refusal(Sizes(executor_cores=cores, executor_memory=beyond))
    assert refusal(Sizes(driver_cores=cores, driver_memory=most)) is None
    assert refusal(Sizes(driver_cores=cores, driver_memory=beyond))
