"""A question is its table of answers, its job and its proof: three files of one name."""

from __future__ import annotations

from tests.architecture.tree import ROOT

# Where a question's files are; a proof is SQL, or Python that renders SQL.
FOLDERS = {
    "contracts/tables/questions": (".py",),
    "emr_jobs/questions": (".py",),
    "proof/questions": (".sql", ".py"),
}


def files_in(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    return [
        path.stem
        for path in sorted((ROOT / folder).iterdir())
        if path.suffix in suffixes and path.stem != "__init__"
    ]


def test_questions_are_tables_of_answers_are_proofs() -> None:
    found = {folder: files_in(folder, suffixes) for folder, suffixes in FOLDERS.items()}
    questions = {name for names in found.values() for name in names}
    missing = [
        f"{folder}/{question}{' or '.join(FOLDERS[folder])}"
        for question in sorted(questions)
        for folder, names in found.items()
        if question not in names
    ]
    assert not missing, f"a question lacks a file: {', '.join(missing)}"
    assert all(len(names) == len(set(names)) for names in found.values()), "two files of one name"
