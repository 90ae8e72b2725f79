"""Alarms and metrics of the Spark applications: a new one gets them without an edit here."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import AlarmDefinition, Formula, MetricSource, Statistic, published
from cdk.settings import EnvironmentSettings
from contracts.applications import APPLICATIONS, INGEST, Application
from contracts.metrics import MetricName
from contracts.topics import Topic

# Answers may be this many triggers old, and a minute is always allowed.
_STALE_TRIGGERS = 5
_STALE_SECONDS = 60
_QUARANTINE_PERCENT = 1
_QUALITY_PERCENT = 95
# This many failures within an hour fail a deployment too.
_FAILED_RUNS = 3
_OUTBOX_SECONDS = 60
# The checkpoint of a batch is several objects in S3, which take seconds beside a short trigger. An
# environment that has measured its batches says so in its settings; this is allowed until then.
_UNMEASURED_BATCH_SECONDS = 30
_TIMES_USUAL = 3


def application_alarms(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    """The alarms of every application, and those of what ingest finds in the topics."""
    triggers, usual = dict(settings.triggers), dict(settings.usual_batch_seconds)
    for app in APPLICATIONS:
        yield from _progress(app, triggers[app.name], usual.get(app.name))
        yield from _outputs(app)
        yield from _drivers(app)
    for topic in INGEST.reads:
        yield from _content(topic)


def of_application(metric: MetricName, statistic: Statistic, app: Application) -> MetricSource:
    """A metric that one application publishes."""
    return published(metric, statistic, {"application": app.name})


def of_writers(metric: MetricName, statistic: Statistic) -> dict[str, MetricSource]:
    """A metric of each application that raises alerts, by the application's name."""
    return {app.name: of_application(metric, statistic, app) for app in APPLICATIONS if app.writes}


def of_topic(metric: MetricName, topic: Topic) -> MetricSource:
    """What ingest counted in a topic."""
    return published(metric, "Sum", {"application": INGEST.name, "topic": topic.name})


def of_each_topic(metric: MetricName) -> dict[str, MetricSource]:
    """What ingest counted in each topic, by the topic's name."""
    return {topic.name: of_topic(metric, topic) for topic in INGEST.reads}


def lag(app: Application, topic: Topic) -> MetricSource:
    """The minimum of a period: an application that keeps up has no lag after at least one batch."""
    return published("lag_offsets", "Minimum", {"application": app.name, "topic": topic.name})


def freshness(app: Application) -> MetricSource:
    return of_application("freshness_seconds", "Average", app)


def batch_time(app: Application) -> MetricSource:
    return of_application("batch_seconds", "Average", app)


def drivers(app: Application) -> MetricSource:
    return of_application("running_drivers", "Maximum", app)


def quarantine_rate(topic: Topic) -> Formula:
    """Percent of all records."""
    return Formula("100 * {invalid} / ({valid} + {duplicate} + {invalid})", _outcomes(topic))


def quality(topic: Topic) -> Formula:
    """silver / (silver + quarantine) in percent. It is computed from sums: in a mean of batches, a
    batch of one bad event would weigh as much as a batch of a thousand good ones."""
    sums = _outcomes(topic)
    del sums["duplicate"]
    return Formula("100 * {valid} / ({valid} + {invalid})", sums)


def _outcomes(topic: Topic) -> dict[str, MetricSource]:
    metrics: tuple[tuple[str, MetricName], ...] = (
        ("valid", "valid_rows"),
        ("duplicate", "duplicate_rows"),
        ("invalid", "invalid_rows"),
    )
    return {name: of_topic(metric, topic) for name, metric in metrics}


def _progress(app: Application, trigger: int, usual: float | None) -> Iterator[AlarmDefinition]:
    for topic in app.reads:
        yield AlarmDefinition(
            name=f"{app.name}-lag-{topic.name}",
            section="lag",
            meaning=f"{app.name} has a backlog of {topic.name} beyond one batch, or is silent.",
            value=lag(app, topic),
            threshold=0,
            # A running application publishes its lag at every trigger, even when it has nothing to
            # do. Silence means that it has stopped.
            absent="breaching",
            serving=True,
        )
    yield AlarmDefinition(
        name=f"{app.name}-freshness",
        section="freshness",
        meaning=f"What {app.name} writes is old when it is written.",
        value=freshness(app),
        threshold=max(_STALE_SECONDS, _STALE_TRIGGERS * trigger),
        # Without events nothing can be old. The lag alarm watches whether it runs.
        serving=True,
    )
    allowed = _UNMEASURED_BATCH_SECONDS if usual is None else _TIMES_USUAL * usual
    longest = max(trigger, allowed)
    yield AlarmDefinition(
        name=f"{app.name}-batch-time",
        section="batch time",
        meaning=f"Batches of {app.name} take longer than {longest:g} s.",
        value=batch_time(app),
        threshold=longest,
    )


def _outputs(app: Application) -> Iterator[AlarmDefinition]:
    if app.writes:
        yield AlarmDefinition(
            name=f"{app.name}-outbox-age",
            section="outbox age",
            meaning=f"Alerts that {app.name} raised do not reach Kafka.",
            value=of_application("outbox_oldest_seconds", "Maximum", app),
            threshold=_OUTBOX_SECONDS,
            minutes=1,
        )
    if app.hot:
        yield AlarmDefinition(
            name=f"{app.name}-hot-answers",
            section="hot answers",
            meaning=f"What {app.name} answers does not reach Valkey.",
            value=of_application("hot_answers_behind", "Maximum", app),
            threshold=0,
            # It is published at each push. Without clicks there is nothing to push.
            minutes=1,
        )


def _drivers(app: Application) -> Iterator[AlarmDefinition]:
    yield AlarmDefinition(
        name=f"{app.name}-drivers",
        section="drivers",
        meaning=f"No driver of {app.name} runs, or the job controller is silent.",
        value=drivers(app),
        comparison="below",
        threshold=1,
        # The controller looks every minute. While it is silent, nobody restarts anything.
        absent="breaching",
        minutes=1,
        serving=True,
    )
    yield AlarmDefinition(
        name=f"{app.name}-failed-runs",
        section="failed runs",
        meaning=f"{app.name} fails again and again.",
        value=of_application("failed_runs", "Maximum", app),
        threshold=_FAILED_RUNS - 1,
        # The metric itself counts failures in a row, so one period is enough.
        periods=1,
    )


def _content(topic: Topic) -> Iterator[AlarmDefinition]:
    yield AlarmDefinition(
        name=f"quarantine-{topic.name}",
        section="quarantine rate",
        meaning=f"Over {_QUARANTINE_PERCENT} % of the records in {topic.name} are no events.",
        value=quarantine_rate(topic),
        threshold=_QUARANTINE_PERCENT,
    )
    yield AlarmDefinition(
        name=f"quality-{topic.name}",
        section="quality",
        meaning=f"Less than {_QUALITY_PERCENT} % of the new events in {topic.name} are good.",
        value=quality(topic),
        comparison="below",
        threshold=_QUALITY_PERCENT,
    )
