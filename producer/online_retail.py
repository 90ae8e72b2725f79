"""A replay of an Online Retail file, made ready: judged, sliced, shifted, named."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.ledger import Run, SourceFile
from producer.arguments import ReplayArguments
from producer.csv_file import CsvFile, judge
from producer.errors import BadInput
from producer.outlets import Place
from producer.patterns import PatternTable, read_patterns
from producer.rejected_rows import RejectedRows
from producer.replay import PRODUCER
from producer.retail_orders import Grouping, Slice, newest_time
from producer.retail_rows import COLUMNS, TimeLimits


@dataclass(frozen=True)
class Prepared:
    """A file that can be replayed, and how."""

    file: CsvFile
    chosen: Slice
    categories: PatternTable
    regions: PatternTable
    shift_us: int
    started_at: int

    @property
    def last_row(self) -> int:
        """The last data row of the slice."""
        last = self.chosen.last
        return self.file.rows if last is None else min(last, self.file.rows)

    def grouping(self, rejected: RejectedRows) -> Grouping:
        return Grouping(
            limits=TimeLimits(self.shift_us, latest=self.started_at),
            categories=self.categories,
            chosen=self.chosen,
            on_rejected=rejected.add,
        )

    def run(self, run_id: str, place: Place, *, new_run: bool, rebased: bool) -> Run:
        """The ledger's account of the run before its first event."""
        edition = self.file.sha256
        if new_run:
            edition += f":{run_id}"
        if rebased:
            edition += f":rebased:{self.shift_us}"
        return Run(
            run=run_id,
            producer=PRODUCER,
            started_at=self.started_at,
            cluster_id=place.cluster_id,
            topic_ids=place.topic_ids,
            source=SourceFile(
                layout="online-retail",
                sha256=self.file.sha256,
                edition=edition,
                shift_us=self.shift_us,
                first_row=self.chosen.first,
                last_row=self.chosen.first - 1,
                categories_sha256=self.categories.sha256,
                regions_sha256=self.regions.sha256,
            ),
        )


def prepare(arguments: ReplayArguments, now_us: int) -> Prepared:
    """Read all that a replay depends on, the data file once; BadInput if any is unusable."""
    file = judge(arguments.file, COLUMNS)
    categories = read_patterns(arguments.categories, "category")
    regions = read_patterns(arguments.regions, "region")
    if arguments.start > file.rows:
        raise BadInput(
            f"{file.path} has {file.rows} data rows; there is no row {arguments.start}",
            next_step="give a smaller --start",
        )
    chosen = Slice(arguments.start, arguments.last)
    shift = 0
    if arguments.rebase_time:
        newest = newest_time(file.blocks(), chosen, categories)
        if newest is None:
            raise BadInput(
                f"{file.path}: no row of the slice is a line of an order, so nothing is the newest",
                next_step="replay without --rebase-time: rejected.csv will say why",
            )
        shift = now_us - newest
    return Prepared(file, chosen, categories, regions, shift, now_us)
