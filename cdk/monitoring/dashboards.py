"""Dashboards: rows of graphs, each under a heading that says what the row answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdk.monitoring.alarms import Formula, MetricSource

# CloudWatch's grid is 24 wide: three graphs stand side by side.
_WIDE = 24
_GRAPH = (8, 6)
_HEADING_HEIGHT = 2
_ALARMS_HEIGHT = 6
# A widget shows at most this many.
_MOST_ALARMS = 100


@dataclass(frozen=True)
class Search:
    """Every metric that matches. It is for metrics whose combination of dimensions AWS does not
    document."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str = "Maximum"

    def over(
        self, period: Duration, label: str | None = None, _ids: str = ""
    ) -> cloudwatch.MathExpression:
        terms = [
            f'Namespace="{self.namespace}"',
            f'MetricName="{self.metric}"',
            *(f'{name}="{value}"' for name, value in self.dimensions.items()),
        ]
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{' '.join(terms)}', '{self.statistic}')",
            using_metrics={},
            period=period,
            label=label or "",
        )


@dataclass(frozen=True)
class Graph:
    """`lines` by their label, with one point every `minutes`."""

    title: str
    lines: Mapping[str, MetricSource | Formula | Search]
    minutes: int = 1


@dataclass(frozen=True)
class Row:
    """`text` is Markdown and says what the graphs answer, and what they do not."""

    heading: str
    text: str
    graphs: Sequence[Graph]


class RowsDashboard(Construct):
    """Rows from top to bottom, with the state of `alarms` above them."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        rows: Iterable[Row],
        alarms: Sequence[cloudwatch.IAlarm] = (),
    ) -> None:
        super().__init__(scope, id)
        self.dashboard = cloudwatch.Dashboard(
            self, "Resource", dashboard_name=name, default_interval=Duration.hours(3)
        )
        for first in range(0, len(alarms), _MOST_ALARMS):
            self.dashboard.add_widgets(
                cloudwatch.AlarmStatusWidget(
                    alarms=list(alarms[first : first + _MOST_ALARMS]),
                    title="Alarms",
                    width=_WIDE,
                    height=_ALARMS_HEIGHT,
                )
            )
        for row in rows:
            self.dashboard.add_widgets(_heading(row))
            if row.graphs:
                self.dashboard.add_widgets(*(_graph(each) for each in row.graphs))


def _heading(row: Row) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(
        markdown=f"## {row.heading}\n{row.text}",
        width=_WIDE,
        height=_HEADING_HEIGHT,
        background=cloudwatch.TextWidgetBackground.TRANSPARENT,
    )


def _graph(graph: Graph) -> cloudwatch.GraphWidget:
    width, height = _GRAPH
    period = Duration.minutes(graph.minutes)
    return cloudwatch.GraphWidget(
        title=graph.title,
        left=[
            each.over(period, label, f"line{number}_")
            for number, (label, each) in enumerate(graph.lines.items())
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=width,
        height=height,
    )
