"""`shopstream --aws ENV status` and so on: an environment on AWS, asked through its function."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contracts.applications import APPLICATIONS, DEAD_AFTER_SECONDS
from contracts.errors import EnvironmentProblem, NotReady, ShopstreamError, Usage
from ops import console
from ops.commands.athena import Found, ask_lake
from ops.commands.quarantine import COUNTS
from ops.commands.sql.command import unique
from ops.commands.tail import SHOWN, line_of
from ops.console import AsJson

Environment = Annotated[str, typer.Option("--env", help="dev, staging or production.")]
# The function gives up after 30 seconds.
_PATIENCE = Config(read_timeout=40, retries={"total_max_attempts": 1})

operations = typer.Typer(
    no_args_is_help=True,
    help="Ask an environment on AWS. The same as: shopstream --aws ENV status, and so on.",
)


@operations.command()
def status(env: Environment, as_json: AsJson = False) -> None:
    """Each application: its driver, how long its heart has been silent, its last commit.

    Exit code 0: all run; 1: one does not, is missing, or is silent for a minute.
    """
    answer = ask(env, {"action": "status"})
    _show(answer, as_json)
    drivers = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    running = {
        each["application"]
        for each in drivers
        if each["state"] == "running" and each["silent_seconds"] < DEAD_AFTER_SECONDS
    }
    if running != {each.name for each in APPLICATIONS}:
        raise typer.Exit(1)


@operations.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT of Postgres.")],
    env: Environment,
    as_json: AsJson = False,
) -> None:
    """Ask Postgres as the reader: answers, progress, journal. The lake is asked with Athena."""
    _show(ask(env, {"action": "sql", "query": query}), as_json)


@operations.command()
def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC")],
    env: Environment,
    limit: Annotated[int, typer.Option(help="How many records, at most 100.", min=1)] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="As always: one JSON per line.")] = False,
) -> None:
    """Show the last records of a topic, decoded; a value that is not an event is shown with its
    reason."""
    del as_json
    answer = ask(env, {"action": "tail", "topic": topic, "last": limit})
    for record in answer["records"]:
        sys.stdout.write(line_of(record) + "\n")
    if answer["truncated"]:
        console.progress("there are more records than an answer holds; these are the newest")


@operations.command("push-hot-answers")
def push_hot_answers(env: Environment, as_json: AsJson = False) -> None:
    """Have all answers pushed to Valkey again, where a shard has lost its keys."""
    _show(ask(env, {"action": "push-hot-answers"}), as_json)


@operations.command()
def quarantine(env: Environment, as_json: AsJson = False) -> None:
    """How many records are no events, by topic and reason: asked with Athena."""
    try:
        answer = ask_lake(env, COUNTS, boto3.client("athena"))
    except (BotoCoreError, ClientError) as problem:
        raise _refused(env, problem) from problem
    _show(answer, as_json)


def ask(env: str, request: Found, client: Callable[..., Any] = boto3.client) -> Found:
    """What the environment's function answers; a ShopstreamError where it does not."""
    name = f"shopstream-{env}-operations"
    try:
        answer = client("lambda", config=_PATIENCE).invoke(
            FunctionName=name, Payload=json.dumps(request).encode()
        )
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ResourceNotFoundException":
            raise NotReady(
                f"there is no function {name} here",
                cause="another account or region, or nothing is deployed yet",
                command=f"shopstream doctor --aws --env {env}",
            ) from problem
        raise _refused(env, problem) from problem
    except BotoCoreError as problem:
        raise _refused(env, problem) from problem
    found: Found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ShopstreamError(
            f"{name} failed: {found.get('errorMessage', found)}", cause="its log tells more"
        )
    if "error" in found:
        raise Usage(found["error"], command=f"shopstream --aws {env} --help")
    return found


def _refused(env: str, problem: Exception) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"AWS does not answer: {problem}",
        cause="credentials, a region, or the rights of an operator are missing",
        command=f"shopstream doctor --aws --env {env}",
    )


def _show(answer: Found, as_json: bool) -> None:
    if as_json:
        names = unique(answer["columns"])
        console.answer_json([dict(zip(names, row, strict=True)) for row in answer["rows"]])
    else:
        shown = [["" if cell is None else str(cell) for cell in row] for row in answer["rows"]]
        console.records(answer["columns"], shown)
    if answer["truncated"]:
        console.progress("there are more rows; ask for fewer, or for sums")
