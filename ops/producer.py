"""The producer as another program: its options, its command line, and how a command becomes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, NoReturn, TypeVar

import typer

from contracts.producer_options import Option
from ops.stack import Stack

# Values of options by key, as texts: the producer judges them.
Given = Mapping[str, str | bool | None]
_Command = TypeVar("_Command", bound=Callable[..., None])


def takes(
    options: Iterable[Option], arguments: Sequence[Parameter] = ()
) -> Callable[[_Command], _Command]:
    """Let typer show a command with these arguments and options, and give them to it by key."""
    parameters = [*arguments, *(_parameter(option) for option in options)]

    def show(command: _Command) -> _Command:
        vars(command)["__signature__"] = Signature(parameters)
        return command

    return show


def _parameter(option: Option) -> Parameter:
    is_flag = option.kind == "flag"
    shown = typer.Option(f"--{option.name}", metavar=option.metavar, help=option.meaning)
    return Parameter(
        option.key,
        Parameter.KEYWORD_ONLY,
        default=False if is_flag else option.default,
        annotation=Annotated[bool if is_flag else str | None, shown],
    )


def program(*command: str) -> list[str]:
    """The command line of one of the producer's commands, without its options."""
    return [sys.executable, "-P", "-m", "producer", *command]


def as_words(options: Iterable[Option], given: Given) -> list[str]:
    """The options that were given, as the producer reads them."""
    words = []
    for option in options:
        value = given[option.key]
        if option.kind == "flag":
            words += [f"--{option.name}"] if value else []
        elif value is not None:
            words.append(f"--{option.name}={value}")
    return words


def become(line: Sequence[str], stack: Stack | None) -> NoReturn:
    """Go on as the producer, which sends to the stack if there is one. Signals, output and exit
    code are the producer's own, with nobody between."""
    sys.stdout.flush()
    sys.stderr.flush()
    where = []
    if stack is not None:
        where = [
            f"--bootstrap-servers={stack.bootstrap_servers}",
            f"--vault={stack.postgres_url}",
            f"--ledger={stack.home.ledger}",
            f"--state={stack.home.root}",
        ]
    os.execv(line[0], [*line, *where])
