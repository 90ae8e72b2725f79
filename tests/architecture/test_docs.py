"""The documentation names what exists: commands, options, targets, paths, headings, questions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from contracts.metrics import METRICS
from contracts.tables.questions import ANSWERS
from ops import reference
from ops.main import command_line, on_aws

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda page: page.as_posix()
)
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
TARGET = re.compile(r"^([a-z][a-z0-9-]*):.*?## (.+)$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
FOLDERS = (
    "bench",
    "contracts",
    "docs",
    "emr_jobs",
    "examples",
    "lambdas",
    "local",
    "ops",
    "producer",
    "proof",
    "readers",
    "tests",
)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code_of(text: str) -> Iterator[str]:
    """The lines of shell blocks, and inline code. A picture is neither."""
    for block in FENCE.findall(text):
        if block.startswith("```sh"):
            yield from block.splitlines()[1:-1]
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def commands_in(text: str) -> list[list[str]]:
    """The words after each `shopstream` that stands as a command in code."""
    return [
        shlex.split(called)
        for code in code_of(text)
        for called in re.findall(r"(?:^|[\s/])shopstream ([a-z-][^#&|;`]*)", code)
    ]


def misuse(words: list[str]) -> str | None:
    """The word of a command line that the program does not know; None when it knows all."""
    command: Any = typer.main.get_command(command_line())
    words = on_aws(words)
    for position, word in enumerate(words):
        options = {
            name for param in command.params for name in (*param.opts, *param.secondary_opts)
        }
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return f"{word} of {words[:position]}"
        elif subcommands := getattr(command, "commands", None):
            if word not in subcommands:
                return word
            command = subcommands[word]
    return None


def headings_of(text: str) -> set[str]:
    """The anchors that a page's headings have."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def targets() -> set[str]:
    return {name for name, _ in TARGET.findall((ROOT / "Makefile").read_text())}


@each_page
def test_every_command_and_option_exists(page: Path) -> None:
    assert [found for words in commands_in(page.read_text()) if (found := misuse(words))] == []


@each_page
def test_every_make_target_exists(page: Path) -> None:
    named = {
        name
        for code in code_of(page.read_text())
        for name in re.findall(r"(?:^|\s)make ((?!PYTHON)[a-z][a-z0-9-]*)", code)
    }
    assert named - targets() == set()


@each_page
def test_every_path_exists(page: Path) -> None:
    """But for the files that a page has its reader write."""
    text = page.read_text()
    written = set(re.findall(r"^`([\w./]+)`:$", text, re.MULTILINE))
    starts = "|".join(FOLDERS)
    named = {
        path
        for code in code_of(text)
        for path in re.findall(rf"(?:^|\s)((?:{starts})/[\w./*-]*)", code)
    }
    assert {path for path in named - written if not any(ROOT.glob(path.rstrip("/")))} == set()


@each_page
def test_every_link_resolves(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = unquote(target).partition("#")
        linked = (page.parent / path) if path else page
        if not linked.exists() or (anchor and anchor not in headings_of(linked.read_text())):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_every_folder_of_code_is_listed(page: str) -> None:
    text = (ROOT / page).read_text()
    here = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {folder for folder in here | {"docs", "examples"} if f"{folder}/" not in text} == set()


def test_the_readme_begins_with_two_commands_that_need_nothing_else() -> None:
    first = re.search(
        r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert first is not None
    assert [line.partition("#")[0].strip() for line in first[1].splitlines()] == [
        "make demo",
        "make test",
    ]


def test_the_architecture_lists_every_question() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    section = page.partition("\n## Questions\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(listed) == [answer.question for answer in ANSWERS]


def test_the_readme_lists_every_command() -> None:
    command: Any = typer.main.get_command(command_line())
    shown = {name for name, one in command.commands.items() if not one.hidden}
    readme = (ROOT / "README.md").read_text()
    listed = set(re.findall(r"^\| `shopstream ([a-z-]+)`", readme, re.MULTILINE))
    assert listed == shown


def test_the_runbook_has_a_section_for_each_metric_and_no_other() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert re.findall(r"^### `(\w+)`$", runbook, re.MULTILINE) == list(METRICS)


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_the_reference_is_what_the_code_says(name: str) -> None:
    """`make reference` writes it."""
    assert (reference.FOLDER / name).read_text() == reference.pages()[name]


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.stem)
def test_every_decision_is_listed_and_has_its_parts(adr: Path) -> None:
    assert f"({adr.name})" in (ROOT / "docs" / "adr" / "README.md").read_text()
    text = adr.read_text()
    assert text.startswith(f"# {adr.name[:4]} ")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections == ["Context", "Decision", "Rejected", "Consequences"]


def test_every_make_target_is_in_the_list_that_make_prints() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == targets()


@pytest.mark.parametrize(
    "words, unknown",
    [
        pytest.param(["up"], None, id="a command"),
        pytest.param(["down", "--purge"], None, id="an option"),
        pytest.param(["fly"], "fly", id="no command"),
        pytest.param(["down", "--fly"], "--fly of ['down']", id="no option"),
    ],
)
def test_misuse_is_seen(words: list[str], unknown: str | None) -> None:
    assert misuse(words) == unknown


def test_commands_are_found_in_blocks_and_in_inline_code() -> None:
    text = "Say `shopstream up`.\n```sh\n$ bin/shopstream down --purge  # all\n```\nshopstream is"
    assert commands_in(text) == [["down", "--purge"], ["up"]]
