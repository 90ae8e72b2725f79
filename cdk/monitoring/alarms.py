"""Alarms: which metric each one watches, from which value on, and whom it notifies.

The definitions stand beside what they watch: applications, functions, stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.settings import EnvironmentSettings
from contracts.metrics import METRICS, NAMESPACE, Dimension, MetricName

RUNBOOK = "docs/runbook.md"
NOT_SERVED = "the-shop-is-not-served"

Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]
# What an absent value means: something is down, nothing happened, or neither.
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


@dataclass(frozen=True)
class MetricSource:
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


@dataclass(frozen=True)
class Formula:
    """CloudWatch metric math: `expression` has the names of `sources` in braces."""

    expression: str
    sources: Mapping[str, MetricSource]

    def over(
        self, period: Duration, label: str | None = None, ids: str = ""
    ) -> cloudwatch.MathExpression:
        """`ids` is a prefix of the names: two formulas of one graph must not share a name."""
        named = {name: f"{ids}{name}" for name in self.sources}
        return cloudwatch.MathExpression(
            expression=self.expression.format(**named),
            using_metrics={named[name]: each.over(period) for name, each in self.sources.items()},
            period=period,
            label=label,
        )


def published(
    metric: MetricName, statistic: Statistic, dimensions: Mapping[Dimension, str]
) -> MetricSource:
    """A metric of our own. Raises ValueError for dimensions that it is not published with, since
    CloudWatch would find no values."""
    if METRICS[metric].dimensions != dimensions.keys():
        wanted = ", ".join(sorted(METRICS[metric].dimensions))
        raise ValueError(f"{metric} is published by {wanted}, not by {', '.join(dimensions)}")
    ordered: dict[str, str] = {name: dimensions[name] for name in sorted(dimensions)}
    return MetricSource(NAMESPACE, metric, ordered, statistic)


@dataclass(frozen=True, kw_only=True)
class AlarmDefinition:
    """One alarm. It begins after `periods` of `minutes` in a row.

    `meaning` is the first sentence of its message. `section` is the heading ``Alarm: SECTION`` of
    the runbook, by default the name; several alarms may share one. `absent` says what a period
    without a value means; by default nothing happened. `serving`: while the alarm is on, the shop
    is not served."""

    name: str
    section: str = ""
    meaning: str
    value: MetricSource | Formula
    comparison: Comparison = "above"
    threshold: float
    absent: Absent = "notBreaching"
    minutes: int = 5
    periods: int = 3
    serving: bool = False

    @property
    def heading(self) -> str:
        """The section of the runbook."""
        return self.section or self.name.replace("-", " ")

    @property
    def link(self) -> str:
        return link(self.heading)


def link(section: str) -> str:
    """The anchor of the heading ``Alarm: SECTION`` in the runbook."""
    return f"{RUNBOOK}#alarm-{section.replace(' ', '-')}"


class Alarms(Construct):
    """One alarm per definition, and one over all that keep the shop from being served. Each of them
    notifies `topic` when it begins and when it ends."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        definitions: Sequence[AlarmDefinition],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._action = actions.SnsAction(topic)
        self.by_name = {each.name: self._alarm(settings, each) for each in definitions}
        serving = [self.by_name[each.name] for each in definitions if each.serving]
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
        self._notify(self.not_served)

    def _alarm(
        self, settings: EnvironmentSettings, definition: AlarmDefinition
    ) -> cloudwatch.Alarm:
        made = cloudwatch.Alarm(
            self,
            definition.name,
            alarm_name=settings.name(definition.name),
            alarm_description=f"{definition.meaning} {definition.link}",
            metric=definition.value.over(Duration.minutes(definition.minutes)),
            comparison_operator=_COMPARISON[definition.comparison],
            threshold=definition.threshold,
            evaluation_periods=definition.periods,
            datapoints_to_alarm=definition.periods,
            treat_missing_data=_ABSENT[definition.absent],
        )
        self._notify(made)
        return made

    def _notify(self, alarm: cloudwatch.AlarmBase) -> None:
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
