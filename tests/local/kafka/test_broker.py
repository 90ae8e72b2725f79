"""A broker formats its storage for any id of its cluster."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from local.home import Home
from local.java import jars
from local.java import runtime as java
from local.ports import claim
from local.profile import new_profile, write_profile
from ops.settings import CommandSettings

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.e2e
def test_an_id_that_begins_with_a_dash(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    write_profile(home, replace(new_profile(1, claim), cluster_id="-QQ_xlpbQvCXuzvaNNdRIQ"))
    made = home.kafka(1) / "data" / "meta.properties"
    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "local.kafka.broker",
                    "--home",
                    str(tmp_path),
                    "--node",
                    "1",
                ),
                *("--java", str(java.bundled(tmp_path / "java").binary)),
                *("--jars", str(jars.folder(CommandSettings.from_environment().cache))),
            ],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
        try:
            until = time.monotonic() + 60
            while not made.exists() and time.monotonic() < until and broker.poll() is None:
                time.sleep(0.1)
            assert made.exists(), (tmp_path / "log").read_text()[-2000:]
            assert "cluster.id=-QQ_xlpbQvCXuzvaNNdRIQ" in made.read_text()
        finally:
            broker.kill()
            broker.wait()
