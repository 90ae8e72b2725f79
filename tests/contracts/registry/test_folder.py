"""The folder of schemas: it follows the package's own, changes are seen, and damage is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.registry import BundledRegistry, MemoryStore, RegistryUnavailable
from contracts.registry.folder import FolderStore
from contracts.schemas import bundled_schemas, canonical
from tests.contracts.avro_schemas import field, record

V1 = json.dumps(record(field("total", "long")))
V2 = json.dumps(record(field("total", "long"), field("coupon", "string", default="")))
V3 = json.dumps(record(field("coupon", "string", default="")))
BUNDLED = {"orders": (V1,)}


def registry(folder: Path) -> BundledRegistry:
    return BundledRegistry(FolderStore(folder, BUNDLED))


def test_the_packages_schemas_come_first(tmp_path: Path) -> None:
    made = registry(tmp_path / "new").register("orders", V2)
    assert made.number == 2
    assert (tmp_path / "new/orders/v2.avsc").read_text() == canonical(V2)
    assert [one.number for one in registry(tmp_path / "new").versions("orders")] == [1, 2]


def test_ids_are_the_same_as_in_the_package(tmp_path: Path) -> None:
    bundled = bundled_schemas()
    memory = BundledRegistry(MemoryStore(bundled))
    folder = BundledRegistry(FolderStore(tmp_path, bundled))
    for family in bundled:
        assert folder.versions(family) == memory.versions(family)


def test_numbers_are_numbers(tmp_path: Path) -> None:
    orders = tmp_path / "orders"
    orders.mkdir()
    (orders / "v10.avsc").write_text(V3)
    (orders / "v9.avsc").write_text(V2)
    found = registry(tmp_path).versions("orders")
    assert [one.schema for one in found] == [canonical(text) for text in (V1, V2, V3)]


def test_a_schema_that_the_package_has_by_now_counts_once(tmp_path: Path) -> None:
    registry(tmp_path).register("orders", V2)
    newer = BundledRegistry(FolderStore(tmp_path, {"orders": (V1, V2)}))
    assert [one.number for one in newer.versions("orders")] == [1, 2]
    assert newer.register("orders", V3).number == 3


def test_a_running_process_sees_a_new_version_and_a_new_family(tmp_path: Path) -> None:
    running = registry(tmp_path)
    assert running.latest("orders").number == 1
    made = registry(tmp_path).register("orders", V2)
    assert running.latest("orders") == made
    clicks = registry(tmp_path).register("clicks", V1)
    assert running.version(clicks.id) == clicks


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"type": "record"}', b"\xff\xfe", V1.encode()[:-1]]
)
def test_a_broken_file_is_unavailable_with_its_path(tmp_path: Path, content: bytes) -> None:
    running = registry(tmp_path)
    known = running.latest("orders")
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders/v2.avsc").write_bytes(content)
    with pytest.raises(RegistryUnavailable, match=r"v2\.avsc cannot be used"):
        running.latest("orders")
    assert running.version(known.id) == known
    (tmp_path / "orders/v2.avsc").write_text(V2)
    assert running.latest("orders").number == 2


def test_a_folder_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("")
    for ask in (
        lambda: registry(tmp_path / "schemas").latest("orders"),
        lambda: registry(tmp_path / "schemas").register("orders", V2),
    ):
        with pytest.raises(RegistryUnavailable, match="schemas"):
            ask()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    for name in ("README.md", ".v2.avsc", "v2.avsc~", "vv2.avsc", "v2.json"):
        (tmp_path / "orders" / name).write_text("{")
    assert registry(tmp_path).register("orders", V2).number == 2


def test_of_two_at_once_one_is_told_to_try_again(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, BUNDLED)
    slow = FolderStore(tmp_path, BUNDLED)
    slow._signature = lambda family: ()  # type: ignore[method-assign] - what it saw before
    store.append("orders", V2)
    with pytest.raises(RegistryUnavailable, match="at the same moment"):
        slow.append("orders", V3)
    assert list(store.read("orders")) == [V1, V2]
    assert [file.name for file in (tmp_path / "orders").iterdir()] == ["v2.avsc"]
