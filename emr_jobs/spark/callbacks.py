"""The server in this process that Java calls: with each batch, and with what a query does."""

from __future__ import annotations

from typing import Any

from py4j.java_gateway import JavaObject
from pyspark import java_gateway
from pyspark.sql import SparkSession


def start_callbacks(spark: SparkSession) -> None:
    """Start the server; nobody is heard who does not have the token of the session's gateway.

    PySpark starts it without a token, and then whoever reaches the port runs what Spark would run.
    It must not have been started before.
    """
    gateway: Any = spark.sparkContext._gateway
    token = gateway.gateway_parameters.auth_token
    gateway.callback_server_parameters.auth_token = token
    untyped: Any = java_gateway
    untyped.ensure_callback_server_started(gateway)
    _give_to_java(gateway, token)


def _give_to_java(gateway: Any, token: str) -> None:
    """Py4J's Java sends the token that stands in this field. What starts the server leaves it empty
    (PythonClient.copyWith in 0.10.9.9), and nothing else sets it."""
    client = JavaObject("GATEWAY_SERVER", gateway._gateway_client).getCallbackClient()
    field = gateway.jvm.java.lang.Class.forName("py4j.CallbackClient").getDeclaredField("authToken")
    field.setAccessible(True)
    field.set(client, token)
