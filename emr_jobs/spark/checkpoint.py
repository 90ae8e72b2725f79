"""The files of a streaming query's checkpoint."""

from __future__ import annotations

from typing import Any


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
