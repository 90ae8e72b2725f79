"""The `shopstream` command: one module per subcommand; errors become messages and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module

import typer
from typer.exceptions import TyperException

from contracts.errors import INTERRUPTED, EnvironmentProblem, ShopstreamError, Usage
from ops import console

# The module of each command, in the order of the help. It holds the command, or the group of
# commands, under the command's name.
COMMANDS = {
    "up": "up",
    "down": "down",
    "status": "status.command",
    "logs": "logs",
    "doctor": "doctor.command",
    "demo": "demo.command",
    "replay": "replay",
    "simulate": "simulate",
    "topics": "topics",
    "tail": "tail",
    "verify": "verify.command",
    "accept-gap": "accept_gap",
    "sql": "sql.command",
    "quarantine": "quarantine",
    "valkey": "valkey",
    "jars": "jars",
    "assets": "assets",
    "cost": "cost.command",
    "fraud": "fraud.command",
    "operations": "operations",
}
_HIDDEN = ("jars", "assets")


def command_line(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command with the subcommands `names`.

    Only their modules are imported. The import of all of them takes 1.5 s of processor time, most
    of it for libraries that one subcommand does not use.
    """
    app = typer.Typer(
        name="shopstream",
        help="Live order metrics, alerts and a proved lake from a shop's own event streams.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # Without a callback an app with one subcommand becomes that subcommand.
    app.callback()(lambda: None)
    for name in names:
        module = import_module(f"ops.commands.{COMMANDS[name]}")
        command = getattr(module, name.replace("-", "_"))
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, hidden=name in _HIDDEN)(command)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    raise SystemExit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line, print any error, and return the exit code."""
    arguments = on_aws(arguments)
    wanted = [name for name in arguments[:1] if name in COMMANDS]
    try:
        app = command_line(wanted or COMMANDS)
        result = app(args=arguments, prog_name="shopstream", standalone_mode=False)
    except ShopstreamError as problem:
        return _failed(problem, arguments)
    except PermissionError as refused:
        return _failed(_not_allowed(refused), arguments)
    except TyperException as problem:
        message = problem.format_message()
        if "--json" in arguments:
            console.answer_json(Usage(message, command=console.HELP).as_fields())
        console.misuse(message)
        return Usage.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.progress(
            "interrupted; the stack goes on in the background: shopstream status, down"
        )
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _failed(problem: ShopstreamError, arguments: list[str]) -> int:
    if "--json" in arguments:
        console.answer_json(problem.as_fields())
    console.error(problem)
    return problem.exit_code


def _not_allowed(refused: PermissionError) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"this user may not use {refused.filename}: {refused.strerror}",
        cause="the folder belongs to somebody else",
        command="set SHOPSTREAM_HOME and SHOPSTREAM_CACHE to folders that you own",
    )


def on_aws(arguments: list[str]) -> list[str]:
    """``--aws ENV COMMAND ...`` asks an environment on AWS instead of the laptop's stack."""
    match arguments:
        case ["--aws", environment, command, *others] if not environment.startswith("-"):
            return ["operations", command, *others, "--env", environment]
        case ["--aws", *_]:
            return ["operations", "--help"]
    return arguments


if __name__ == "__main__":
    main()
