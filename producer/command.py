"""The producer's command: from a command line to an exit code."""

from __future__ import annotations

from contracts.errors import INTERRUPTED, ShopstreamError
from producer import terminal
from producer.arguments import parse
from producer.replay.command import replay
from producer.simulate.arguments import SimulateArguments
from producer.simulate.command import simulate
from producer.simulate.sample import SampleArguments, write_sample


def main(command_line: list[str]) -> int:
    """Run one command line and tell any error; return the exit code."""
    try:
        arguments = parse(command_line)
        if isinstance(arguments, SimulateArguments):
            return simulate(arguments)
        if isinstance(arguments, SampleArguments):
            return write_sample(arguments)
        return replay(arguments)
    except ShopstreamError as error:
        if "--json" in command_line:
            terminal.answer(error.as_fields())
        for line in error.as_lines():
            terminal.tell(line)
        return error.exit_code
    except terminal.LeftAtOnce:
        terminal.tell("left at once: the ledger tells what was attempted")
        return INTERRUPTED
    except KeyboardInterrupt:
        terminal.tell("interrupted while nothing was being sent")
        return INTERRUPTED
