"""Which errors pass when a part of the stack is back."""

from __future__ import annotations

import kafka.errors
import psycopg
import pytest

from emr_jobs.kernel.errors import Conflict, Gap, JobError
from emr_jobs.spark.outages import is_outage


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        pytest.param(psycopg.OperationalError("refused"), True, id="no server at the port"),
        pytest.param(psycopg.errors.AdminShutdown("ended"), True, id="a server that goes down"),
        pytest.param(psycopg.errors.CannotConnectNow("starts"), True, id="and comes up"),
        pytest.param(psycopg.errors.ConnectionFailure("lost"), True, id="a connection that breaks"),
        pytest.param(psycopg.errors.DiskFull("full"), False, id="a disk that is full"),
        pytest.param(psycopg.errors.QueryCanceled("canceled"), False, id="a canceled statement"),
        pytest.param(psycopg.errors.UniqueViolation("twice"), False, id="a row that is refused"),
        pytest.param(kafka.errors.NodeNotReadyError(), True, id="a broker that restarts"),
        pytest.param(kafka.errors.KafkaTimeoutError(), True, id="a broker that is silent"),
        pytest.param(
            kafka.errors.TopicAuthorizationFailedError(), False, id="a topic that is forbidden"
        ),
        pytest.param(ConnectionResetError(), True, id="a socket that breaks"),
        pytest.param(FileNotFoundError(), False, id="a file that is missing"),
        pytest.param(
            JobError("orders failed: org.apache.kafka.common.errors.TimeoutException: no node"),
            True,
            id="Spark tells of a silent broker",
        ),
        pytest.param(
            JobError("TimeoutException: Cannot fetch record for offset 7 in 120000 milliseconds"),
            True,
            id="Spark waited in vain for a record",
        ),
        pytest.param(
            JobError("PSQLException: FATAL: terminating connection due to administrator command"),
            True,
            id="Spark tells of a server that goes down",
        ),
        pytest.param(JobError("orders failed: OutOfMemoryError"), False, id="Spark fails"),
        pytest.param(Conflict("another writer"), False, id="another writer"),
        pytest.param(Gap("offsets are missing"), False, id="offsets that are gone"),
        pytest.param(
            Gap("offsets are gone: Caused by: Connection refused"), False, id="whatever it quotes"
        ),
    ],
)
def test_which_errors_pass(error: Exception, passes: bool) -> None:
    assert is_outage(error) == passes
