"""What was found in a data file, for a person and for a program, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from producer.replay.files.data_rows import DataRows
from producer.replay.survey import Survey

_WIDEST = 24


@dataclass(frozen=True)
class CheckedFile:
    """A file that can be replayed, and what its rows told."""

    file: DataRows
    survey: Survey
    clock_changes: list[str]

    exit_code = 0

    def as_fields(self) -> dict[str, object]:
        return {
            "file": str(self.file.path),
            "found": self.file.found,
            "columns": dict(zip(self.file.columns, self._names(), strict=True)),
            "ignored": list(self.file.header.ignored),
            "warnings": self.file.meaning.warnings,
            "clock_changes": self.clock_changes,
            "records": self.file.records,
            "header": self.file.heads,
            "blank": self.file.blank,
            "rows": self.file.rows,
            "usable": self.survey.usable,
            "rejected": dict(self.survey.rejected),
            "left_out": dict(self.survey.left),
            "holds": self.survey.holds,
            "hints": self.survey.told(),
            "samples": self.file.samples,
            "exit_code": self.exit_code,
        }

    def as_headline(self) -> list[str]:
        """How the file is read, in a line, and what a person should know besides."""
        found = ", ".join(f"{name} {value}" for name, value in self.file.found.items())
        return [f"reading {self.file.path}: {found}", *self._notes()]

    def as_lines(self) -> list[str]:
        told = self.file.found | self.survey.holds
        wide = max(map(len, [*told, "rows"]))
        rows = (
            f"{self.file.records:,} records: {self.file.heads} of the header, "
            f"{self.file.blank:,} blank, {self.survey.usable:,} usable, "
            f"{self.survey.rejected.total():,} rejected"
            + "".join(f", {count:,} {name}" for name, count in self.survey.left.items())
        )
        return [
            f"{self.file.path}: {self.file.rows:,} data rows, can be replayed",
            *(f"  {name:{wide}}  {value}" for name, value in told.items()),
            f"  {'rows':{wide}}  {rows}",
            *_table([list(self.file.header.names), *self.file.samples]),
            *self._notes(),
        ]

    def _names(self) -> list[str]:
        return [self.file.header.names[at] for at in self.file.header.positions]

    def _notes(self) -> list[str]:
        told = [*self.file.meaning.warnings, *self.clock_changes]
        warnings = [f"note: {text}" for text in told]
        return [*warnings, *(f"rejected: {told}" for told in self.survey.told())]


def _table(rows: list[list[str]]) -> list[str]:
    """The first texts of each column below one another."""
    short = [[" ".join(text.split())[:_WIDEST] for text in fields] for fields in rows]
    widths = [
        max((len(fields[at]) for fields in short if at < len(fields)), default=0)
        for at in range(max(map(len, short)))
    ]
    lines = []
    for fields in short:
        padded = (f"{text:{width}}" for text, width in zip(fields, widths, strict=False))
        lines.append("  " + "  ".join(padded).rstrip())
    return lines
