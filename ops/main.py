"""The `shopstream` command: one subcommand a file, errors turned into messages and exit codes."""

from __future__ import annotations

import sys

import typer
from typer.exceptions import TyperException

from ops import console
from ops.commands import (
    assets,
    cost,
    demo,
    doctor,
    down,
    jars,
    logs,
    quarantine,
    replay,
    simulate,
    sql,
    status,
    tail,
    topics,
    up,
    valkey,
    verify,
)
from ops.errors import ShopstreamError, Usage

# A command interrupted by Ctrl-C ends as shells expect.
INTERRUPTED = 130

app = typer.Typer(
    name="shopstream",
    help="Live order metrics, alerts and a proved lake from a shop's own event streams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    up,
    down,
    status,
    logs,
    doctor,
    demo,
    replay,
    simulate,
    topics,
    tail,
    verify,
    sql,
    quarantine,
    valkey,
    jars,
    assets,
    cost,
):
    command.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    raise SystemExit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code, having printed any error."""
    try:
        result = app(args=arguments, prog_name="shopstream", standalone_mode=False)
    except ShopstreamError as problem:
        if "--json" in arguments:
            console.answer_json(console.error_json(problem))
        console.error(problem)
        return problem.exit_code
    except TyperException as problem:
        console.misuse(problem.format_message())
        return Usage.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.progress(
            "interrupted; what runs in the background goes on: shopstream status, down"
        )
        return INTERRUPTED
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
