"""The errors of the producer and the exit code of each.

ProducerError     1  something failed on the way; what was acknowledged stays
  BadInput        2  the command line or the data file cannot be used as it is
  NotReady        3  the broker or the vault cannot be reached, or a topic is missing
"""

from __future__ import annotations


class ProducerError(Exception):
    """Something failed; `what` happened, its likely `cause`, and the `next_step` to take."""

    exit_code = 1

    def __init__(self, what: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.next_step = next_step

    def as_fields(self) -> dict[str, object]:
        """The error as JSON fields."""
        return {
            "error": self.what,
            "cause": self.cause,
            "next": self.next_step,
            "exit_code": self.exit_code,
        }

    def as_lines(self) -> list[str]:
        """The error as lines for a person."""
        lines = [f"error: {self.what}"]
        if self.cause:
            lines.append(f"likely cause: {self.cause}")
        if self.next_step:
            lines.append(f"next: {self.next_step}")
        return lines


class BadInput(ProducerError):
    """The command line, or a file named on it, cannot be used as it is."""

    exit_code = 2


class NotReady(ProducerError):
    """What the events go to is not there."""

    exit_code = 3
