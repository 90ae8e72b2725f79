"""`shopstream jars`: fetch the locked jars before a stack needs them."""

from __future__ import annotations

from local import launch
from ops import console
from ops.console import AsJson
from ops.settings import CommandSettings


def jars(as_json: AsJson = False) -> None:
    """Fetch the jars of Kafka and Spark, check their sums, and print where they are."""
    settings = CommandSettings.from_environment()
    paths = launch.fetch_jars(settings.cache, settings.network, console.progress)
    if as_json:
        console.answer_json({name: [str(path) for path in files] for name, files in paths.items()})
    else:
        for name, files in paths.items():
            console.line(f"{name}: {len(files)} jars in {settings.cache / 'jars'}")
