"""The layouts of data files that the proof reads, and the relations that hold their rows."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.data_files.layouts import ONLINE_RETAIL as RETAIL_FILE
from contracts.data_files.layouts import REES46 as REES46_FILE
from contracts.data_files.layouts import FileLayout
from contracts.topics import CLICKS, ORDERS, Topic


@dataclass(frozen=True)
class SourceLayout:
    """A kind of data file. Its rows hold events of `topics`; the proof keeps them in `relation`, as
    texts called `fields`."""

    file: FileLayout
    relation: str
    fields: tuple[str, ...]
    topics: tuple[Topic, ...]

    @property
    def name(self) -> str:
        return self.file.name


ONLINE_RETAIL = SourceLayout(
    RETAIL_FILE,
    "source_row",
    ("invoice", "stock", "description", "quantity", "date", "price", "customer", "country"),
    (ORDERS,),
)
REES46 = SourceLayout(
    REES46_FILE,
    "source_step",
    ("time", "kind", "product", "category_id", "category", "brand", "price", "shopper", "session"),
    (CLICKS, ORDERS),
)
LAYOUTS = (ONLINE_RETAIL, REES46)
