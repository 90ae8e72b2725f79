"""How long CloudWatch keeps logs; it takes certain numbers of days only."""

from __future__ import annotations

from aws_cdk import aws_logs as logs

from cdk.settings import InvalidSettings

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
