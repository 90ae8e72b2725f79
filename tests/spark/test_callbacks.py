"""Only Spark's own Java makes this process run something."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from py4j.java_gateway import JavaObject
from pyspark.sql import SparkSession

from tests.spark.session import SPARK

pytestmark = SPARK


class Called:
    """An object that Java may call."""

    def __init__(self) -> None:
        self.calls = threading.Event()

    def run(self) -> None:
        self.calls.set()

    class Java:
        implements = ("java.lang.Runnable",)


@pytest.fixture
def called(spark: SparkSession) -> Iterator[tuple[Called, str]]:
    """An object, and the id by which Java knows it."""
    gateway: Any = spark.sparkContext._gateway
    mine = Called()
    known = gateway.gateway_property.pool.put(mine)
    yield mine, known
    del gateway.gateway_property.pool[known]


def port(spark: SparkSession) -> int:
    gateway: Any = spark.sparkContext._gateway
    return int(gateway._callback_server.server_socket.getsockname()[1])


def said(spark: SparkSession, *lines: str) -> bytes:
    """What the server answers to these lines, until it hangs up or is silent."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port(spark)), timeout=2) as client:
        client.sendall("".join(f"{line}\n" for line in lines).encode())
        try:
            while got := client.recv(1024):
                answer += got
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


def token(spark: SparkSession) -> str:
    gateway: Any = spark.sparkContext._gateway
    return str(gateway.gateway_parameters.auth_token)


def test_java_calls(spark: SparkSession, called: tuple[Called, str]) -> None:
    mine, _ = called
    jvm: Any = spark._jvm
    thread: JavaObject = jvm.java.lang.Thread(mine)
    thread.start()
    assert mine.calls.wait(20)


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param((), id="at once"),
        pytest.param(("A", "wrong", "e"), id="a wrong token"),
        pytest.param(("POST / HTTP/1.1", "Host: 127.0.0.1"), id="the body of a web page's request"),
    ],
)
def test_another_is_not_heard(
    spark: SparkSession, called: tuple[Called, str], begin: tuple[str, ...]
) -> None:
    mine, known = called
    said(spark, *begin, "c", known, "run", "e")
    assert not mine.calls.is_set()


def test_the_token_is_what_opens(spark: SparkSession, called: tuple[Called, str]) -> None:
    mine, known = called
    said(spark, "A", token(spark), "e", "c", known, "run", "e")
    assert mine.calls.is_set()
