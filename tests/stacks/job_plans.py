"""The job plan of synthesized templates, as the deployed controller reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from contracts.aws.job_plan import JobPlan
from contracts.aws.published_plan import put_together
from tests.stacks.intrinsics import Environment
from tests.stacks.templates import PLANS

HANDLE = "lambdas.job_controller.handler.handle"


def variables(texts: Mapping[str, str], handler: str = HANDLE) -> dict[str, str]:
    """What the function finds in its environment, as CloudFormation would write it."""
    parsed = {stack: json.loads(text) for stack, text in texts.items()}
    (given,) = (
        each["Properties"]["Environment"]["Variables"]
        for each in parsed["processing"]["Resources"].values()
        if each.get("Properties", {}).get("Handler") == handler
    )
    found: dict[str, str] = Environment(parsed).resolve("processing", given)
    return found


def plan(texts: Mapping[str, str]) -> JobPlan:
    """What is uploaded, with the values of the template."""
    given = variables(texts)
    uploaded = PLANS[f"asset.{given['JOB_PLAN'].rpartition('/')[2]}"]
    return JobPlan.from_json(put_together(uploaded, json.loads(given["JOB_PLAN_VALUES"])))
