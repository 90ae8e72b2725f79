"""The errors of the command and the exit code of each.

ShopstreamError        1  the answer is red, or a part failed
  Usage                2  the command line or a file given on it is wrong
  NotReady             3  the stack is not running, or has nothing to answer with yet
  EnvironmentProblem   4  the machine or its network refuses what is needed
"""

from __future__ import annotations

from local.errors import EnvironmentProblem, NotReady, ShopstreamError, Usage

__all__ = ["EnvironmentProblem", "NotReady", "ShopstreamError", "Usage"]
