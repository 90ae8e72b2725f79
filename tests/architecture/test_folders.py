"""A folder shows at a glance what is in it."""

from __future__ import annotations

from collections import Counter

from tests.architecture.tree import ROOT, modules, name

MOST_MODULES = 15


def test_no_folder_holds_more_modules_than_a_person_takes_in_at_once() -> None:
    packages = [path.parent.name for path in ROOT.glob("*/__init__.py")]
    packages.remove("tests")
    held = Counter(name(path.parent) for path in modules(*packages) if path.name != "__init__.py")
    large = {folder for folder, count in held.items() if count > MOST_MODULES}
    assert large == set()
