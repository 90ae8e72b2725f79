"""What is looked at in each Spark application; one that joins is looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import Check, Formula, Source, published
from cdk.settings import Settings
from contracts.applications import APPLICATIONS, INGEST, Application
from contracts.metrics import Dimension
from contracts.topics import Topic

# Answers may be so many triggers old, and never sooner than in a minute is that worth a message.
_STALE_TRIGGERS = 5
_STALE_SECONDS = 60
_QUARANTINE_PERCENT = 1
_QUALITY_PERCENT = 95
# As many failures in an hour fail a deployment too.
_FAILED_RUNS = 3
_OUTBOX_SECONDS = 60


def application_checks(settings: Settings) -> Iterator[Check]:
    """Checks of every application, and of what the one that fills the lake finds in the topics."""
    triggers = dict(settings.triggers)
    for app in APPLICATIONS:
        yield from _progress(app, triggers[app.name])
        yield from _drivers(app)
    for topic in INGEST.reads:
        yield from _content(topic)


def lag(app: Application, topic: Topic) -> Source:
    """The smallest of a period: an application that keeps up has none left after some batch."""
    return published("lag_offsets", "Minimum", {"application": app.name, "topic": topic.name})


def freshness(app: Application) -> Source:
    return published("freshness_seconds", "Average", {"application": app.name})


def batch_time(app: Application) -> Source:
    return published("batch_seconds", "Average", {"application": app.name})


def drivers(app: Application) -> Source:
    return published("running_drivers", "Maximum", {"application": app.name})


def quarantine_rate(topic: Topic) -> Formula:
    """Percent of all records."""
    return Formula(
        expression="100 * {invalid} / ({valid} + {duplicate} + {invalid})", sources=_outcomes(topic)
    )


def quality(topic: Topic) -> Formula:
    """silver / (silver + quarantine) in percent, of sums: a mean of batches would let a batch of
    one bad value weigh as much as one of a thousand good ones."""
    sums = _outcomes(topic)
    return Formula(
        expression="100 * {valid} / ({valid} + {invalid})",
        sources={name: sums[name] for name in ("valid", "invalid")},
    )


def _outcomes(topic: Topic) -> dict[str, Source]:
    place: dict[Dimension, str] = {"application": INGEST.name, "topic": topic.name}
    return {
        "valid": published("valid_rows", "Sum", place),
        "duplicate": published("duplicate_rows", "Sum", place),
        "invalid": published("invalid_rows", "Sum", place),
    }


def _progress(app: Application, trigger: int) -> Iterator[Check]:
    for topic in app.reads:
        yield Check(
            name=f"{app.name}-lag-{topic.name}",
            section="lag",
            meaning=f"{app.name} has a backlog of {topic.name} beyond one batch, or is silent.",
            value=lag(app, topic),
            threshold=0,
            # An application that runs tells its lag at every trigger, also when there is nothing
            # to do: silence is a stopped application.
            absent="breaching",
            serving=True,
        )
    yield Check(
        name=f"{app.name}-freshness",
        section="freshness",
        meaning=f"What {app.name} writes is old when it is written.",
        value=freshness(app),
        threshold=max(_STALE_SECONDS, _STALE_TRIGGERS * trigger),
        # Without events there is nothing that could be old; lag tells whether it runs.
        absent="notBreaching",
        serving=True,
    )
    yield Check(
        name=f"{app.name}-batch-time",
        section="batch time",
        meaning=f"Batches of {app.name} take longer than the {trigger} s between them.",
        value=batch_time(app),
        threshold=trigger,
        absent="notBreaching",
    )
    if app.writes:
        yield Check(
            name=f"{app.name}-outbox-age",
            section="outbox age",
            meaning=f"Alerts that {app.name} raised do not reach Kafka.",
            value=published("outbox_oldest_seconds", "Maximum", {"application": app.name}),
            threshold=_OUTBOX_SECONDS,
            absent="notBreaching",
            minutes=1,
        )
    if app.hot:
        yield Check(
            name=f"{app.name}-hot-answers",
            section="hot answers",
            meaning=f"What {app.name} answers does not reach Valkey.",
            value=published("hot_answers_behind", "Maximum", {"application": app.name}),
            threshold=0,
            # Told at each push; without clicks there is nothing to push.
            absent="notBreaching",
            minutes=1,
        )


def _drivers(app: Application) -> Iterator[Check]:
    yield Check(
        name=f"{app.name}-drivers",
        section="drivers",
        meaning=f"No driver of {app.name} runs, or the job controller is silent.",
        value=drivers(app),
        comparison="below",
        threshold=1,
        # The controller looks every minute; when it is silent nobody restarts anything.
        absent="breaching",
        minutes=1,
        serving=True,
    )
    yield Check(
        name=f"{app.name}-failed-runs",
        section="failed runs",
        meaning=f"{app.name} fails again and again.",
        value=published("failed_runs", "Maximum", {"application": app.name}),
        threshold=_FAILED_RUNS - 1,
        # The metric itself counts failures in a row: one look is enough.
        periods=1,
        absent="notBreaching",
    )


def _content(topic: Topic) -> Iterator[Check]:
    yield Check(
        name=f"quarantine-{topic.name}",
        section="quarantine rate",
        meaning=f"Over {_QUARANTINE_PERCENT} % of the records in {topic.name} are no events.",
        value=quarantine_rate(topic),
        threshold=_QUARANTINE_PERCENT,
        absent="notBreaching",
    )
    yield Check(
        name=f"quality-{topic.name}",
        section="quality",
        meaning=f"Less than {_QUALITY_PERCENT} % of the new events in {topic.name} are good.",
        value=quality(topic),
        comparison="below",
        threshold=_QUALITY_PERCENT,
        absent="notBreaching",
    )
