"""What can go wrong in a job, classed by what its caller can do.

JobError
  Stopped        a restart cannot mend it; a person must decide (exit 20, not restarted)
    Gap              Kafka no longer has what was not applied yet
    TopicReplaced    the topic was deleted and created again
    DriverRefused    another driver is alive on the application
  Superseded     another driver has taken over; leave quietly (exit 0)
  Conflict       another writer committed first; start again from what is committed (restart)
  Miscounted     the records of a batch are not those of its offsets; read them again (restart)
"""

from __future__ import annotations

from collections.abc import Iterable


class JobError(Exception):
    """Root of what the jobs raise on purpose."""


class Stopped(JobError):
    """A restart would meet the same; the message says what to do."""


class Gap(Stopped):
    """Offsets between what is applied and what Spark would read next are missing."""


class TopicReplaced(Stopped):
    """The topic's id differs from the one that the progress belongs to."""


class DriverRefused(Stopped):
    """Another driver of the same application is alive."""


class Superseded(JobError):
    """The application's epoch was raised by another driver."""


class Conflict(JobError):
    """A compare-and-set found another value than the one it was computed from."""


class Miscounted(JobError):
    """An offset gave two records, or a record lies beyond the batch."""


def topic_replaced(topic: str, found: str, known: Iterable[str]) -> TopicReplaced:
    """The error that says a topic was deleted and created again."""
    return TopicReplaced(
        f"topic {topic} was deleted and created again: progress belongs to id "
        f"{', '.join(known)}, the broker has {found}. What was applied stays as it is. To go on "
        "with the new topic from its beginning, stop and start with --accept-new-topic"
    )
