"""Alarms: what is looked at, when it is too much, and whom it tells. The tables are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.settings import Settings
from contracts.metrics import METRICS, NAMESPACE, Dimension, MetricName

RUNBOOK = "docs/runbook.md"
NOT_SERVED = "the-shop-is-not-served"

Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]
# What an absent value means: that something is down, that nothing happened, or neither.
Absent = Literal["breaching", "notBreaching", "missing"]
_ABSENT: dict[Absent, cloudwatch.TreatMissingData] = {
    "breaching": cloudwatch.TreatMissingData.BREACHING,
    "notBreaching": cloudwatch.TreatMissingData.NOT_BREACHING,
    "missing": cloudwatch.TreatMissingData.MISSING,
}
Comparison = Literal["above", "below"]
_COMPARISON: dict[Comparison, cloudwatch.ComparisonOperator] = {
    "above": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    "below": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One metric of CloudWatch, found by exactly these dimensions."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Statistic

    def over(self, period: Duration, label: str | None = None, _ids: str = "") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=self.metric,
            dimensions_map=dict(self.dimensions),
            statistic=self.statistic,
            period=period,
            label=label,
        )


@dataclass(frozen=True, kw_only=True)
class Formula:
    """CloudWatch metric math: `expression` has the names of `sources` in braces."""

    expression: str
    sources: Mapping[str, Source]

    def over(
        self, period: Duration, label: str | None = None, ids: str = ""
    ) -> cloudwatch.MathExpression:
        """`ids` begins the names, which are one's own only once in a graph."""
        named = {name: f"{ids}{name}" for name in self.sources}
        return cloudwatch.MathExpression(
            expression=self.expression.format(**named),
            using_metrics={named[name]: each.over(period) for name, each in self.sources.items()},
            period=period,
            label=label,
        )


def published(
    metric: MetricName, statistic: Statistic, dimensions: Mapping[Dimension, str]
) -> Source:
    """A metric of ours. ValueError for dimensions it is not written with: it would be empty."""
    if METRICS[metric].dimensions != dimensions.keys():
        wanted = ", ".join(sorted(METRICS[metric].dimensions))
        raise ValueError(f"{metric} is written by {wanted}, not by {', '.join(dimensions)}")
    return Source(
        namespace=NAMESPACE,
        metric=metric,
        dimensions={name: dimensions[name] for name in sorted(dimensions)},
        statistic=statistic,
    )


@dataclass(frozen=True, kw_only=True)
class Check:
    """An alarm. `section` is the heading ``Alarm: SECTION`` of the runbook, which several may
    share; `meaning` is the first sentence of its message. It takes `periods` of `minutes` in a row.
    `serving`: while it is in alarm the shop is not served."""

    name: str
    section: str
    meaning: str
    value: Source | Formula
    comparison: Comparison = "above"
    threshold: float
    absent: Absent
    minutes: int = 5
    periods: int = 3
    serving: bool = False

    @property
    def link(self) -> str:
        return link(self.section)


def link(section: str) -> str:
    """Where the runbook has ``Alarm: SECTION``, as its headings' anchors are made."""
    return f"{RUNBOOK}#alarm-{section.replace(' ', '-')}"


class Alarms(Construct):
    """An alarm a check, and one over those that keep the shop from being served; each tells `topic`
    when it begins and when it ends."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        checks: Sequence[Check],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._action = actions.SnsAction(topic)
        self.by_name = {check.name: self._alarm(settings, check) for check in checks}
        serving = [self.by_name[check.name] for check in checks if check.serving]
        self.not_served = cloudwatch.CompositeAlarm(
            self,
            "NotServed",
            composite_alarm_name=settings.name(NOT_SERVED),
            alarm_description=(
                "The shop is not served: one of its vital alarms is on. "
                f"{link(NOT_SERVED.replace('-', ' '))}"
            ),
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(
                    cloudwatch.AlarmRule.from_alarm(each, cloudwatch.AlarmState.ALARM)
                    for each in serving
                )
            ),
        )
        self._tell(self.not_served)

    def _alarm(self, settings: Settings, check: Check) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            check.name,
            alarm_name=settings.name(check.name),
            alarm_description=f"{check.meaning} {check.link}",
            metric=check.value.over(Duration.minutes(check.minutes)),
            comparison_operator=_COMPARISON[check.comparison],
            threshold=check.threshold,
            evaluation_periods=check.periods,
            datapoints_to_alarm=check.periods,
            treat_missing_data=_ABSENT[check.absent],
        )
        self._tell(alarm)
        return alarm

    def _tell(self, alarm: cloudwatch.AlarmBase) -> None:
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
