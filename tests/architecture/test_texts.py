"""No text names a machine: no folder of somebody's computer, no host of a package registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, name, texts

# Put together from parts, so that this file does not hold what it looks for.
FOLDERS = ("work", "root", *ROOT.parts[1:2])
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "maven" + ".org", "npm" + "js.org")
FOLDER = re.compile(rf"(?<![\w.$}}<>\])*-])/(?:{'|'.join(FOLDERS)})/\w")
HOST = re.compile("|".join(map(re.escape, HOSTS)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /" + "work/main/x", True),
        ("'/" + "root/x'", True),
        ("file:///" + "root/x", True),
        ("https://example.org/work/page", False),
        ("$HOME/work/x", False),
        ("net" + "work/main", False),
    ],
)
def test_folders_are_recognised(text: str, found: bool) -> None:
    assert bool(FOLDER.search(text)) == found


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path in texts()])
def test_a_text_names_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [match[0] for match in FOLDER.finditer(text)] == []
    assert [match[0] for match in HOST.finditer(text)] == []
