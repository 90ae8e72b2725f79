"""A replay of a data file, made ready: judged, sliced, shifted, named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from contracts import ledger
from contracts.errors import Usage
from contracts.ledger import Run, SourceFile
from contracts.topics import Topic
from producer.arguments import ReplayArguments
from producer.outlets import Place
from producer.replay.files.csv_block import Block
from producer.replay.files.csv_file import CsvFile, judge
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import Slice
from producer.replay.files.row_values import TimeLimits
from producer.replay.replaying import PRODUCER, Encoder, Recorded
from producer.subjects import Tokens
from producer.wiring import Where

_Item = TypeVar("_Item", bound=Recorded)
_Read_co = TypeVar("_Read_co", bound=Recorded, covariant=True)


class Reading(Protocol[_Read_co]):
    """Reads blocks, given in file order; `rows` is the number of the last row taken in."""

    @property
    def rows(self) -> int: ...

    def events(self, blocks: Iterable[Block]) -> Iterator[_Read_co]:
        """What the rows of the slice recorded, in file order."""


class Layout(Protocol[_Item]):
    """What a kind of data file means; `noun` is the plural of its events. The digests are of the
    tables it uses, empty for none."""

    @property
    def name(self) -> ledger.Layout: ...

    @property
    def columns(self) -> Sequence[str]: ...

    @property
    def topics(self) -> tuple[Topic, ...]: ...

    @property
    def noun(self) -> str: ...

    @property
    def categories_sha256(self) -> str: ...

    @property
    def regions_sha256(self) -> str: ...

    def newest_time(self, blocks: Iterable[Block], chosen: Slice) -> int | None:
        """The latest time among the slice's accepted rows, unshifted; None if there are none."""

    def reading(
        self, limits: TimeLimits, chosen: Slice, on_rejected: OnRejected
    ) -> Reading[_Item]: ...

    def encoder(
        self, where: Where, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> Encoder[_Item]:
        """Writes the schemas of the registry; NotReady when it has them not."""


@dataclass(frozen=True)
class Prepared(Generic[_Item]):
    """A file that can be replayed, and how."""

    layout: Layout[_Item]
    file: CsvFile
    chosen: Slice
    shift_us: int
    started_at: int

    @property
    def last_row(self) -> int:
        """The last data row of the slice."""
        last = self.chosen.last
        return self.file.rows if last is None else min(last, self.file.rows)

    def reading(self, on_rejected: OnRejected) -> Reading[_Item]:
        limits = TimeLimits(self.shift_us, latest=self.started_at)
        return self.layout.reading(limits, self.chosen, on_rejected)

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
                layout=self.layout.name,
                sha256=self.file.sha256,
                edition=edition,
                shift_us=self.shift_us,
                first_row=self.chosen.first,
                last_row=self.chosen.first - 1,
                categories_sha256=self.layout.categories_sha256,
                regions_sha256=self.layout.regions_sha256,
            ),
        )


def prepare(arguments: ReplayArguments, layout: Layout[_Item], now_us: int) -> Prepared[_Item]:
    """Read the data file once, with --rebase-time twice; Usage if it is unusable."""
    file = judge(arguments.file, layout.columns)
    if arguments.start > file.rows:
        raise Usage(
            f"{file.path} has {file.rows} data rows; there is no row {arguments.start}",
            command="give a smaller --start",
        )
    chosen = Slice(arguments.start, arguments.last)
    shift = 0
    if arguments.rebase_time:
        newest = layout.newest_time(file.blocks(), chosen)
        if newest is None:
            raise Usage(
                f"{file.path}: no event is made of any row of the slice, so nothing is the newest",
                command="replay without --rebase-time: rejected.csv will say why",
            )
        shift = now_us - newest
    return Prepared(layout, file, chosen, shift, now_us)
