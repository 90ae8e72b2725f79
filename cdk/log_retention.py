"""Log groups, and how long CloudWatch keeps them: it offers only certain numbers of days."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.foundation import Foundation
from cdk.settings.parts import InvalidSettings

_DAYS = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def retention(days: int) -> logs.RetentionDays:
    """Raises InvalidSettings for a number of days that is not offered."""
    if days not in _DAYS:
        raise InvalidSettings(f"log_days {days}: one of {', '.join(map(str, _DAYS))}")
    return _DAYS[days]


def log_group(
    scope: Construct, id: str, foundation: Foundation, *, name: str | None = None
) -> logs.LogGroup:
    """A group that is encrypted with the key, keeps lines for the days of the settings, and is
    deleted with its stack."""
    return logs.LogGroup(
        scope,
        id,
        log_group_name=name,
        encryption_key=foundation.key,
        retention=retention(foundation.settings.log_days),
        removal_policy=RemovalPolicy.DESTROY,
    )
