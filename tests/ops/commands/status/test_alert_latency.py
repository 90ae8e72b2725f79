"""How soon alerts were raised, read from a real Postgres."""

from __future__ import annotations

import psycopg
import pytest

from ops.commands.status.alert_latency import AlertLatency, read_alert_latency
from ops.commands.status.command import latency_line

_RAISED = """
INSERT INTO alerts (alert_id, rule, rule_version, subject, severity, event_time, append_time,
                    region, evidence, raised_at, changed_in)
SELECT gen_random_uuid(), 'high_amount', 1, 'order:1', 'high', now() - interval '3 weeks',
       raised - make_interval(secs => %s), 'eu', '{}', raised, 1
FROM (SELECT now() - make_interval(secs => %s) AS raised) AS moment"""


def raise_alert(postgres: str, *, after: float, ago: float) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute(_RAISED, (after, ago))


@pytest.mark.parametrize(
    ("raised", "latency"),
    [
        pytest.param([], AlertLatency(0, None, None), id="no alerts"),
        pytest.param([(2.5, 60)], AlertLatency(1, 2.5, 2.5), id="one"),
        pytest.param(
            [(float(seconds), 60) for seconds in range(21)],
            AlertLatency(21, 10.0, 19.0),
            id="the middle, and what only one in twenty exceeds",
        ),
        pytest.param([(2, 870), (9, 930)], AlertLatency(1, 2.0, 2.0), id="of 15 minutes alone"),
    ],
)
def test_latency_is_from_the_append_to_the_row(
    postgres: str, raised: list[tuple[float, float]], latency: AlertLatency
) -> None:
    for after, ago in raised:
        raise_alert(postgres, after=after, ago=ago)
    assert read_alert_latency(postgres) == latency


def test_without_a_server_nothing_is_said_of_alerts() -> None:
    assert read_alert_latency("postgresql://nobody@127.0.0.1:1/none") is None


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        pytest.param(None, "no alerts in the last 15 min", id="Postgres is not there"),
        pytest.param(AlertLatency(0, None, None), "no alerts in the last 15 min", id="none"),
        pytest.param(
            AlertLatency(1234, 1.26, 4.0),
            "p50 1.3 s, p95 4.0 s (1,234 alerts in the last 15 min)",
            id="some",
        ),
    ],
)
def test_latency_in_words(latency: AlertLatency | None, said: str) -> None:
    assert latency_line(latency) == f"alert latency: {said}"
