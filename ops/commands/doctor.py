"""`shopstream doctor`: what on this machine, or in an AWS account, would be in a stack's way."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

import typer

from ops import console
from ops.aws_account import clients, examine_account
from ops.diagnosis import BAD, examine
from ops.errors import Usage
from ops.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("doctor")(doctor)


def doctor(
    aws: Annotated[bool, typer.Option("--aws", help="Check the AWS account instead.")] = False,
    region: Annotated[str | None, typer.Option(help="With --aws: where to deploy.")] = None,
    cidr: Annotated[
        str | None, typer.Option(help="With --aws: the address range of the network to be made.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check the machine. Exit code 0: a stack can run; 4: something must be changed first."""
    if aws:
        findings = examine_account(clients(region), _range(cidr))
    elif region or cidr:
        raise Usage(
            "--region and --cidr are about an AWS account", command="shopstream doctor --aws"
        )
    else:
        findings = examine(Settings.from_environment())
    if as_json:
        console.answer_json({"findings": [vars(finding) for finding in findings]})
    else:
        console.table(
            ("check", "verdict", "found", "what to do"),
            [(one.check, one.verdict, one.found, one.advice) for one in findings],
        )
    if any(one.verdict == BAD for one in findings):
        raise typer.Exit(4)


def _range(cidr: str | None) -> str | None:
    try:
        return None if cidr is None else str(ip_network(cidr))
    except ValueError as problem:
        raise Usage(f"--cidr: {problem}", command="shopstream doctor --aws --help") from problem
