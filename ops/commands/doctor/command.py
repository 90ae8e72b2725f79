"""`shopstream doctor`: what on this machine, or in an AWS account, would stop a stack."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from cdk.settings import EnvironmentSettings
from cdk.settings.file import chosen_settings
from cdk.settings.parts import InvalidSettings
from contracts.errors import Usage
from ops import console
from ops.commands.doctor.aws_account import examine_account
from ops.commands.doctor.aws_clients import clients
from ops.commands.doctor.diagnosis import BAD
from ops.commands.doctor.machine import examine
from ops.console import AsJson
from ops.settings import CommandSettings


def doctor(
    *,
    aws: Annotated[bool, typer.Option("--aws", help="Check the AWS account instead.")] = False,
    region: Annotated[str | None, typer.Option(help="With --aws: where to deploy.")] = None,
    cidr: Annotated[
        str | None, typer.Option(help="With --aws: the address range of the network to be made.")
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(help="With --aws: dev, staging or production, and what its settings ask for."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--settings", help="With --aws: your file of settings.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the machine. Exit code 0: a stack can run; 4: something must be changed first."""
    if aws:
        chosen = _environment(env, file)
        # A network that exists overlaps itself.
        made = chosen.vpc_cidr if chosen and chosen.vpc_id is None else None
        there = region or (chosen.region if chosen else None)
        findings = examine_account(clients(there), _range(cidr) or made, chosen)
    elif region or cidr or env or file:
        raise Usage(
            "--region, --cidr, --env and --settings are about an AWS account",
            command="shopstream doctor --aws",
        )
    else:
        findings = examine(CommandSettings.from_environment())
    if as_json:
        console.answer_json({"findings": [vars(finding) for finding in findings]})
    else:
        console.table(
            ("check", "verdict", "found", "what to do"),
            [(one.check, one.verdict, one.found, one.advice) for one in findings],
        )
    if any(one.verdict == BAD for one in findings):
        raise typer.Exit(4)


def _environment(name: str | None, file: Path | None) -> EnvironmentSettings | None:
    try:
        return None if name is None and file is None else chosen_settings(name, file)
    except InvalidSettings as problem:
        command = "shopstream doctor --aws --env dev"
        raise Usage(f"settings: {problem}", command=command) from problem


def _range(cidr: str | None) -> str | None:
    try:
        return None if cidr is None else str(ip_network(cidr))
    except ValueError as problem:
        raise Usage(f"--cidr: {problem}", command="shopstream doctor --aws --help") from problem
