"""A disk that fills up: the producer waits before anything fails, and goes on by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.laptop.free_space import MB, kept_free
from contracts.topics import SOURCES
from producer.room import GOES_ON
from tests.shop import BY_COMMAND, Shop, eventually, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

DISK_MB = 3_000
# Beyond what stays free, so that a few seconds of traffic take it.
LEFT_MB = 150
EVENTS = 250_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack on a disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder))
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk")
    try:
        with open_shop(folder) as shop:
            shop.up()
            yield shop
    finally:
        subprocess.run(["umount", folder], check=True)


def free_bytes(shop: Shop) -> int:
    disk = os.statvfs(shop.home)
    return disk.f_bavail * disk.f_frsize


def fill(shop: Shop) -> Path:
    """Somebody else's file, which leaves little of the disk."""
    file = shop.folder / "film.mkv"
    size = free_bytes(shop) - kept_free(DISK_MB * MB) - LEFT_MB * MB
    with file.open("wb") as written:
        os.posix_fallocate(written.fileno(), 0, size)
    return file


def lag(shop: Shop) -> int:
    applied = shop.query("SELECT coalesce(sum(until), 0) FROM progress WHERE application='ingest'")
    return sum(sum(shop.ends(topic.name).values()) for topic in SOURCES) - int(applied[0][0])


def test_the_producer_waits_before_the_disk_is_full_and_goes_on(shop: Shop) -> None:
    film = fill(shop)
    pids = {name: part["pid"] for name, part in shop.status()["parts"].items()}
    said = shop.folder / "said"
    with said.open("w") as errors:
        sending = shop.start("simulate", "--rate", "max", "--count", str(EVENTS), errors=errors)
    eventually(lambda: "nothing is sent" in said.read_text(), "the producer waits")
    eventually(lambda: lag(shop) == 0, "what is in Kafka is applied", 300, BY_COMMAND)

    assert sending.poll() is None, "it waits for room"
    assert free_bytes(shop) >= kept_free(DISK_MB * MB) // 2, "there is room for others"
    status = shop.status()
    assert status["ready"]
    assert status["disk"]["free_bytes"] < status["disk"]["kept_free_bytes"] + LEFT_MB * MB
    assert status["disk"]["bytes"]["Postgres"] > status["disk"]["bytes"]["Kafka"] > 0

    film.unlink()
    sending.communicate(timeout=300)
    assert sending.returncode == 0, said.read_text()
    lines = said.read_text().splitlines()
    assert [line for line in lines if line == GOES_ON] == [GOES_ON]
    assert len([line for line in lines if "nothing is sent" in line]) == 1
    report = shop.verified()
    assert report["acknowledged"] >= EVENTS
    assert {name: part["pid"] for name, part in shop.status()["parts"].items()} == pids


def test_a_stack_does_not_start_below_what_stays_free(shop: Shop) -> None:
    shop.answer("down")
    film = shop.folder / "film.mkv"
    with film.open("wb") as written:
        os.posix_fallocate(written.fileno(), 0, free_bytes(shop) - 100 * MB)
    needed = kept_free(DISK_MB * MB) // MB
    said = shop.refused("up", code=4)
    assert f"MB free; the state folder {shop.home} needs {needed} MB" in said
    found = shop.run("doctor")
    assert f"needs {needed} MB" in found.stdout
    film.unlink()
    shop.up()
    shop.verified()
