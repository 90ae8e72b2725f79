"""Whether rows that belong together are neighbours everywhere in a file."""

from __future__ import annotations

from array import array

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Eight bytes each. A file with more runs of rows is sorted without a look.
MOST_RUNS = 4_000_000


class Neighbours:
    """Takes the keys of all rows in file order; a row whose key is null parts no others.

    `everywhere` may be False although it is so: for a file of very many keys, or when two keys have
    one hash. It is never True when rows of one key are apart.
    """

    def __init__(self) -> None:
        self._runs: array[int] = array("q")
        self._last = ""

    def add(self, keys: pa.StringArray) -> None:
        if len(self._runs) > MOST_RUNS:
            return
        named = keys.drop_null()
        if not len(named):
            return
        starts = pc.add(pc.indices_nonzero(pc.not_equal(named[1:], named[:-1])), 1)
        runs = [named[0].as_py(), *named.take(starts).to_pylist()]
        self._runs.extend(map(hash, runs[1:] if runs[0] == self._last else runs))
        self._last = runs[-1]

    @property
    def everywhere(self) -> bool:
        if len(self._runs) > MOST_RUNS:
            return False
        return len(np.unique(np.frombuffer(self._runs, np.int64))) == len(self._runs)
