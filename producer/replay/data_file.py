"""A data file made ready for its replay: judged, sliced, shifted and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from contracts.data_files.layouts import FileLayout
from contracts.errors import Usage
from contracts.ledger import Run, SourceFile
from contracts.topics import Topic
from producer.outlets import Destination
from producer.replay.arguments import ReplayArguments
from producer.replay.files.csv_block import Blocks
from producer.replay.files.data_rows import DataRows
from producer.replay.files.given import Given
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.replaying import PRODUCER, Encoder, Recorded
from producer.replay.survey import Survey
from producer.replay.values.row_values import TimeLimits
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints

_Item = TypeVar("_Item", bound=Recorded)
_Read_co = TypeVar("_Read_co", bound=Recorded, covariant=True)


class Reading(Protocol[_Read_co]):
    """Reads a file that was surveyed; `rows` is the number of the last row that was read."""

    rows: int

    def survey(self, file: Blocks) -> Survey:
        """Look at all rows."""

    def events(self, file: Blocks) -> Iterator[_Read_co]:
        """What the rows of the slice recorded, by ascending position."""

    def close(self) -> None:
        """Give back what is held."""


class Layout(Protocol[_Item]):
    """What a kind of data file means. `noun` is the plural of its events. The digests are those of
    the tables that it uses, and empty without tables. Where ids name people, a key guards
    them."""

    file: FileLayout
    topics: Sequence[Topic]
    noun: str
    names_people_in_ids: bool
    categories_sha256: str
    regions_sha256: str

    def opened(self, path: Path, given: Given) -> AbstractContextManager[DataRows]:
        """The rows of a file; Usage if it is none of this kind."""

    def newest_time(self, file: Blocks, chosen: RowSlice) -> int | None:
        """The latest time among the accepted rows of the slice, unshifted; None without them."""

    def reading(
        self, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected
    ) -> Reading[_Item]:
        """Reads what the rows of the slice recorded."""

    def encoder(
        self, endpoints: ProducerEndpoints, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> Encoder[_Item]:
        """Makes events in the schemas of the registry; NotReady if it does not have them."""


@dataclass(frozen=True)
class PreparedReplay(Generic[_Item]):
    """A file that can be replayed, and how to replay it."""

    layout: Layout[_Item]
    file: DataRows
    chosen: RowSlice
    shift_us: int
    started_at: int
    reading_options: dict[str, str]

    @property
    def last_row(self) -> int:
        """The last data row of the slice."""
        last = self.chosen.last
        return self.file.rows if last is None else min(last, self.file.rows)

    def reading(self, on_rejected: OnRejected) -> Reading[_Item]:
        limits = TimeLimits(self.shift_us, latest=self.started_at)
        return self.layout.reading(limits, self.chosen, on_rejected)

    def run(
        self,
        run_id: str,
        destination: Destination,
        edition: str,
        *,
        new_run: bool,
        rebased: bool,
    ) -> Run:
        """The run as the ledger records it before the first event. `edition` is that of the data
        set; a run that counts again and a shift of times each make another."""
        if new_run:
            edition += f":{run_id}"
        if rebased:
            edition += f":rebased:{self.shift_us}"
        return Run(
            run=run_id,
            producer=PRODUCER,
            started_at=self.started_at,
            cluster_id=destination.cluster_id,
            topic_ids=destination.topic_ids,
            source=SourceFile(
                layout=self.layout.file.name,
                sha256=self.file.sha256,
                edition=edition,
                shift_us=self.shift_us,
                first_row=self.chosen.first,
                last_row=self.chosen.first - 1,
                categories_sha256=self.layout.categories_sha256,
                regions_sha256=self.layout.regions_sha256,
                reading=self.reading_options,
            ),
        )


def prepare(
    arguments: ReplayArguments, layout: Layout[_Item], file: DataRows, given: Given, now_us: int
) -> PreparedReplay[_Item]:
    """The replay of a file; Usage if it cannot be replayed as it was asked."""
    if arguments.start > file.rows:
        raise Usage(
            f"{file.path} has {file.rows} data rows; there is no row {arguments.start}",
            command="give a smaller --start",
        )
    limit = arguments.limit
    chosen = RowSlice(arguments.start, None if limit is None else arguments.start + limit - 1)
    shift = 0
    if arguments.rebase_time:
        newest = layout.newest_time(file, chosen)
        if newest is None:
            raise Usage(
                f"{file.path}: no row of the slice makes an event, so no row is the newest",
                command="replay without --rebase-time: rejected.csv will say why",
            )
        shift = now_us - newest
    reading = given.as_texts()
    if file.meaning.is_local:
        reading.setdefault("timezone", "UTC")
    return PreparedReplay(layout, file, chosen, shift, now_us, reading)
