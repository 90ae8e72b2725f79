"""`shopstream tail TOPIC`: the records of a topic, decoded, one JSON document per line."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer

from contracts.registry.opening import open_registry
from contracts.texts.controls import visible
from ops.stack import open_stack
from readers.kafka import open_consumer
from readers.records import document, partitions_of, records

SHOWN = 10


def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC")],
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Start at the oldest record.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="End after this many records.", min=1)] = None,
    follow: Annotated[bool, typer.Option(help="Wait for new records until Ctrl-C.")] = True,
    key: Annotated[str | None, typer.Option(help="Only records with this key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As always: one JSON per line.")] = False,
) -> None:
    """Show the last records (10, or --limit) and then new ones; a value that is not an event is
    shown with its reason."""
    del as_json
    stack = open_stack()
    registry = open_registry(stack.home.registry)
    with open_consumer(stack.bootstrap_servers) as consumer:
        partitions = partitions_of(consumer, topic)
        found = records(
            consumer,
            partitions,
            from_beginning=from_beginning,
            follow=follow,
            last=limit or SHOWN,
            key=key,
        )
        try:
            for number, record in enumerate(found, start=1):
                sys.stdout.write(line_of(document(record, registry)) + "\n")
                sys.stdout.flush()
                if limit is not None and number == limit:
                    break
        except KeyboardInterrupt:
            return
        except BrokenPipeError:
            # The reader, such as `head`, has enough; Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line_of(shown: dict[str, Any]) -> str:
    """A JSON document that is one line to every reader, and of which a terminal obeys nothing."""
    return visible(json.dumps(shown, ensure_ascii=False))
