"""The producer's options, as `shopstream` shows them and hands them on."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from contracts.producer_options import LAYOUTS, SIMULATE, Number, Option, Whole, replay_options
from ops.main import command_line
from ops.producer import as_words
from producer.arguments import parse

COMMANDS: dict[str, tuple[Option, ...]] = {
    "simulate": SIMULATE,
    **{f"replay {layout}": replay_options(layout) for layout in LAYOUTS},
}
NEEDED = {"simulate": ["--outlet=null", "--count=9000"], "replay": ["a.csv", "--outlet=null"]}

every_command = pytest.mark.parametrize("command", COMMANDS)


def shown(command: str) -> dict[str, Any]:
    """The options in the help of a command, by name."""
    found: Any = typer.main.get_command(command_line([command.partition(" ")[0]]))
    for word in command.split():
        found = found.commands[word]
    return {param.opts[0]: param for param in found.params if param.param_type_name == "option"}


@every_command
def test_shopstream_shows_every_option_of_the_producer(command: str) -> None:
    help_texts = {name: param.help for name, param in shown(command).items()}
    wanted = {f"--{option.name}": option.meaning for option in COMMANDS[command]}
    assert {name: text for name, text in help_texts.items() if name != "--help"} == wanted


def sample(option: Option) -> str | bool:
    """A text that the option takes, and that is not its default."""
    match option.kind:
        case Number() | Whole():
            return str(int(option.kind.most))
        case tuple():
            return option.kind[-1]
        case str():
            texts = {"share": "7%", "name": "x", "time": "2026-03-02", "file": "x.csv"} | {
                "encoding": "cp1252",
                "zone": "Europe/London",
                "text": "Sheet 1",
            }
            return texts.get(option.kind, True)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        pytest.param(command, option, id=f"{command} --{option.name}")
        for command, options in COMMANDS.items()
        for option in options
    ],
)
def test_the_producer_takes_every_option_that_is_handed_on(command: str, option: Option) -> None:
    line = [*command.split(), *NEEDED[command.partition(" ")[0]]]
    words = as_words([option], {option.key: sample(option)})
    assert len(words) == 1
    assert option.name == "outlet" or parse([*line, *words]) != parse(line)


def test_what_is_not_given_is_not_handed_on() -> None:
    assert as_words(SIMULATE, {option.key: None for option in SIMULATE}) == []
