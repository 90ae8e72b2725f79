"""Runs as steps of a cluster: a step lives as long as the stream it submitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from contracts.aws.spark_submit import Submission
from lambdas.job_controller.runs import JobRun, JobRunName, JobRunState

_ALIVE = ("PENDING", "RUNNING", "CANCEL_PENDING")
_ENDED = ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")
_STATES: dict[str, JobRunState] = {
    "PENDING": "starting",
    "RUNNING": "running",
    "CANCEL_PENDING": "ending",
    "COMPLETED": "ended",
    "CANCELLED": "ended",
    "INTERRUPTED": "failed",
    "FAILED": "failed",
}
_STOP = "stop-"
# Ended steps that are looked at: with the waits between failures, more than a day of them.
_RECENT = 100
# Cancelling a step ends only the submitting process. The stream runs in YARN.
_KILL = (
    "yarn application -list -appTags \"$0\" | awk '/^application_/ {print $1}' "
    "| xargs --no-run-if-empty --max-args=1 yarn application -kill"
)


class EmrSteps:
    """`client` is boto3's for ``emr``."""

    def __init__(self, client: Any, cluster: str) -> None:
        self._client, self._cluster = client, cluster

    def observed(self) -> Sequence[JobRun]:
        alive, ended = list(self._steps(_ALIVE)), list(islice(self._steps(_ENDED), _RECENT))
        stopping = {step["Name"] for step in (*alive, *ended) if step["Name"].startswith(_STOP)}
        named = ((step, JobRunName.parse(step["Name"])) for step in (*alive, *ended))
        return [_run(step, name, stopping) for step, name in named if name is not None]

    def start(self, name: JobRunName, submission: Submission, *, take_over: bool) -> None:
        words = submission.step_words(tag=str(name), take_over=take_over)
        self._submit(str(name), words)

    def stop(self, run: JobRun) -> None:
        self._submit(f"{_STOP}{run.name}", ["bash", "-c", _KILL, str(run.name)])

    def shut_down(self) -> bool:
        # A cluster can be deleted at any time.
        return True

    def _submit(self, name: str, words: list[str]) -> None:
        if any(step["Name"] == name for step in self._steps(_ALIVE)):
            return
        step = {"Jar": "command-runner.jar", "Args": words}
        self._client.add_job_flow_steps(
            JobFlowId=self._cluster,
            Steps=[{"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": step}],
        )

    def _steps(self, states: Sequence[str]) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_steps")
        for page in pages.paginate(ClusterId=self._cluster, StepStates=list(states)):
            yield from page["Steps"]


def _run(step: dict[str, Any], name: JobRunName, stopping: set[str]) -> JobRun:
    status = step["Status"]
    times = status["Timeline"]
    state = _STATES[status["State"]]
    if f"{_STOP}{name}" in stopping:
        # A run that was killed on request has not failed.
        state = "ending" if state in ("starting", "running") else "ended"
    ended = state in ("ended", "failed")
    at = times.get("EndDateTime") or times["CreationDateTime"]
    return JobRun(step["Id"], name, state, times["CreationDateTime"], at if ended else None)
