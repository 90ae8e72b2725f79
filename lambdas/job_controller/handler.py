"""Keep the applications running.

Input: a schedule's event (look, and mend), ``{"action": "stop" | "run"}`` from a person, or
CloudFormation's ``RequestType`` on a deployment. Answer: what was done, by application.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.applications import application
from contracts.topics import ORDERS
from lambdas.job_controller.logic import (
    GIVE_UP_AFTER,
    Action,
    Start,
    Stop,
    decide,
    failures,
    is_settled,
)
from lambdas.job_controller.runs import JobRun
from lambdas.job_controller.wiring import (
    ControllerSettings,
    Switch,
    open_runs,
    seen_drivers,
)
from lambdas.kafka_brokers import brokers_of
from lambdas.process import now, publish


class DeploymentFailed(Exception):
    """The applications of a deployment fail again and again, so it has to be rolled back."""


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Bring the applications closer to what is wanted. It is safe to call again."""
    settings = ControllerSettings.from_environment()
    switch = Switch(settings.switch)
    if event.get("action") in ("run", "stop"):
        switch.turn(event["action"])
    running = switch.on() and event.get("RequestType") != "Delete"
    at = now()
    actions = _converge(settings, running, at)
    report = {name: [_said(action) for action in taken] for name, taken in actions.items()}
    if "RequestType" in event:
        return {"PhysicalResourceId": "applications", "Data": {"Target": settings.plan.target}}
    return {"wanted": "run" if running else "stop", "actions": report}


def confirm(event: Mapping[str, Any], _context: object) -> dict[str, bool]:
    """Whether a deployment has arrived: every application has exactly the driver it should have,
    and that driver works. On a deletion: whether what they ran on can be deleted. Raises
    DeploymentFailed when they fail again and again."""
    settings = ControllerSettings.from_environment()
    deleting = event["RequestType"] == "Delete"
    running = Switch(settings.switch).on() and not deleting
    at = now()
    emr = open_runs(settings.plan, at)
    runs = emr.observed()
    wanted = _wanted(settings, running)
    for name, fingerprint in wanted.items():
        if fingerprint and failures(fingerprint, runs, at) >= GIVE_UP_AFTER:
            raise DeploymentFailed(
                f"{name} failed {GIVE_UP_AFTER} times in a row; its logs are in "
                f"{settings.plan.log_url}"
            )
    arrived = all(is_settled(name, mark, runs) for name, mark in wanted.items())
    if arrived and running:
        arrived = _work(wanted, runs, at)
    return {"IsComplete": arrived and (not deleting or emr.shut_down())}


def _work(names: Iterable[str], runs: Sequence[JobRun], at: datetime) -> bool:
    """Whether each application's only run is seen in Postgres, and has committed a batch where the
    canary's orders come by: to the other topics perhaps nobody has sent anything yet."""
    seen = seen_drivers()
    since = {run.name.application: run.created_at for run in runs if run.alive}
    return all(
        name in seen
        and seen[name].works(since[name], at, commits=ORDERS in application(name).reads)
        for name in names
    )


def _converge(settings: ControllerSettings, running: bool, at: datetime) -> dict[str, list[Action]]:
    runs = open_runs(settings.plan, at)
    observed = runs.observed()
    taken = {
        name: decide(name, fingerprint, observed, at)
        for name, fingerprint in _wanted(settings, running).items()
    }
    starting = any(isinstance(action, Start) for actions in taken.values() for action in actions)
    submissions = settings.plan.submissions(
        brokers_of(settings.plan.kafka_cluster) if starting else ""
    )
    for name, actions in taken.items():
        for action in actions:
            if isinstance(action, Start):
                runs.start(action.name, submissions[name], take_over=action.take_over)
            elif isinstance(action, Stop):
                runs.stop(action.run)
        _measure(name, settings, observed, at, running)
    return taken


def _wanted(settings: ControllerSettings, running: bool) -> dict[str, str | None]:
    return {
        name: submission.fingerprint if running else None
        for name, submission in settings.plan.submissions().items()
    }


def _measure(
    name: str, settings: ControllerSettings, runs: Sequence[JobRun], at: datetime, running: bool
) -> None:
    mine = [run for run in runs if run.name.application == name]
    alive = sum(run.state == "running" for run in mine)
    fingerprint = settings.plan.submissions()[name].fingerprint
    # A person who stops the applications causes no alarm.
    drivers = float(alive if running else 1)
    failed = float(failures(fingerprint, mine, at))
    publish(name, {"running_drivers": drivers, "failed_runs": failed}, at)


def _said(action: Action) -> str:
    if isinstance(action, Start):
        return f"start {action.name}" + (" and take over" if action.take_over else "")
    if isinstance(action, Stop):
        return f"stop {action.run.name}"
    return f"wait until {action.until:%H:%M:%S}, it failed"
