"""Runs as job runs of an EMR Serverless application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.aws.spark_submit import Submission
from lambdas.job_controller.runs import JobRun, JobRunName, JobRunState

_STATES: dict[str, JobRunState] = {
    "SUBMITTED": "starting",
    "PENDING": "starting",
    "SCHEDULED": "starting",
    "QUEUED": "starting",
    "RUNNING": "running",
    "CANCELLING": "ending",
    "SUCCESS": "ended",
    "CANCELLED": "ended",
    "FAILED": "failed",
}
_DELETABLE = ("CREATED", "STOPPED")
_ENDED = ("SUCCESS", "CANCELLED", "FAILED")
# Ended runs are looked at if they began within this time: a stream lives for weeks.
_RECENT = timedelta(days=30)


class ServerlessJobRuns:
    """`client` is boto3's for ``emr-serverless``; `roles` are ARNs by application."""

    def __init__(
        self,
        client: Any,
        application_id: str,
        roles: Mapping[str, str],
        log_url: str,
        now: datetime,
    ) -> None:
        self._client, self._application_id = client, application_id
        self._roles, self._log_url, self._now = roles, log_url, now

    def observed(self) -> Sequence[JobRun]:
        alive = self._job_runs(states=[state for state in _STATES if state not in _ENDED])
        ended = self._job_runs(states=list(_ENDED), createdAtAfter=self._now - _RECENT)
        named = ((job, JobRunName.parse(job.get("name") or "")) for job in (*alive, *ended))
        return [_run(job, name) for job, name in named if name is not None]

    def start(self, name: JobRunName, submission: Submission, *, take_over: bool) -> None:
        self._client.start_job_run(
            applicationId=self._application_id,
            # A second call with the same name answers with the run of the first.
            clientToken=str(name),
            name=str(name),
            executionRoleArn=self._roles[name.application],
            mode="STREAMING",
            # Only the controller restarts. If the service tried a run again that was told to take
            # over, that run would take over from its successor.
            retryPolicy={"maxFailedAttemptsPerHour": 1},
            jobDriver={
                "sparkSubmit": {
                    "entryPoint": submission.package.entry,
                    "entryPointArguments": submission.arguments(take_over=take_over),
                    "sparkSubmitParameters": " ".join(submission.options()),
                }
            },
            configurationOverrides={
                "applicationConfiguration": [
                    {"classification": "spark-defaults", "properties": submission.configuration()}
                ],
                "monitoringConfiguration": {
                    "s3MonitoringConfiguration": {"logUri": self._log_url},
                },
            },
        )

    def stop(self, run: JobRun) -> None:
        self._client.cancel_job_run(applicationId=self._application_id, jobRunId=run.id)

    def shut_down(self) -> bool:
        # DeleteApplication accepts an application that has stopped or never started, and
        # CloudFormation does not stop it (EMR Serverless' guide, "Application states").
        asked = {"applicationId": self._application_id}
        state = self._client.get_application(**asked)["application"]["state"]
        if state == "STARTED":
            self._client.stop_application(**asked)
        return state in _DELETABLE

    def _job_runs(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_job_runs")
        for page in pages.paginate(applicationId=self._application_id, **wanted):
            yield from page["jobRuns"]


def _run(job: dict[str, Any], name: JobRunName) -> JobRun:
    state = _STATES[job["state"]]
    ended_at = job["updatedAt"] if state in ("ended", "failed") else None
    return JobRun(job["id"], name, state, job["createdAt"], ended_at)
