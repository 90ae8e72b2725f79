"""The files of a streaming query's checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from emr_jobs.kernel.batches import StreamIdentity


def folder_of(identity: StreamIdentity, gaps: Sequence[tuple[str, int, int]]) -> str:
    """The folder of a stream's checkpoint. A topic that was created again starts one of its own,
    and so does a gap that was accepted: the older one says that its offsets are next."""
    named = json.dumps(identity.topic_ids, sort_keys=True) + (json.dumps(gaps) if gaps else "")
    return hashlib.sha256(named.encode()).hexdigest()[:12]


class HadoopFiles:
    """Files of a checkpoint on any file system that Spark reaches (file:, s3a:)."""

    def __init__(self, jvm: Any, configuration: Any, root: str) -> None:
        self._jvm = jvm
        self._configuration = configuration
        self._root = root

    def read(self, path: str) -> str | None:
        file = self._jvm.org.apache.hadoop.fs.Path(f"{self._root}/{path}")
        system = file.getFileSystem(self._configuration)
        if not system.exists(file):
            return None
        stream = system.open(file)
        try:
            return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()
