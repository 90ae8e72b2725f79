"""docs/extend.md as its reader takes it: files to write, and commands to run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.shop import ROOT

# A line that names a file in backticks, and the block below it that holds the file's text.
_FILE = re.compile(r"^[^\n]*`([\w./]+/\w+\.\w+)`[^\n]*\n+```(?!sh)\w*\n(.*?)^```", re.M | re.S)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_COPIED = (
    *("contracts", "emr_jobs", "examples", "lambdas", "local", "ops", "producer", "proof"),
    *("readers", "tests/architecture"),
)


@dataclass(frozen=True)
class Page:
    """`tree` is a copy of the checkout with the page's files, and `question` is what they add."""

    tree: Path
    question: str
    commands: tuple[tuple[str, ...], ...]

    @classmethod
    def written(cls, folder: Path) -> Page:
        """Do what the page says about files; its commands are left to be run."""
        text = (ROOT / "docs" / "extend.md").read_text()
        tree = folder / "tree"
        for name in _COPIED:
            built = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tree / name, ignore=built)
        (tree / "tests" / "__init__.py").touch()
        files = dict(_FILE.findall(text))
        for path, content in files.items():
            assert not (tree / path).exists(), f"{path} is there already"
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        (question,) = (Path(path).stem for path in files if path.startswith("proof/questions/"))
        blocks = _SHELL.findall(text)
        lines = [shlex.split(line) for block in blocks for line in block.splitlines()]
        commands = tuple(
            tuple(words[1:]) for words in lines if words and Path(words[0]).name == "shopstream"
        )
        return cls(tree, question, commands)

    @contextmanager
    def without_proof(self) -> Iterator[None]:
        """The tree as it is for one who left the .sql out."""
        proof = self.tree / "proof" / "questions" / f"{self.question}.sql"
        text = proof.read_text()
        proof.unlink()
        try:
            yield
        finally:
            proof.write_text(text)

    def questions_checked(self) -> subprocess.CompletedProcess[str]:
        """The test of `make check` about questions, in the tree."""
        test = ("tests/architecture/test_questions.py", "--noconftest", "-p", "no:cacheprovider")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *test],
            cwd=self.tree,
            env={**os.environ, "PYTHONPATH": str(self.tree)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
