"""A yardstick is never changed: ratios of different years would have no measure in common."""

import hashlib
from pathlib import Path

import bench.yardsticks

DIGESTS = {
    "__init__.py": "06e7135cd4eb0a4f4998135888b65c31e0f5d0b51b49095854091b798b4c37ef",
    "ecommerce-clicks.avsc": "c9ad42ba66af9b05cc2cfdcd908ca68bfb498b04fa1bf78881040ab3c50d5ac1",
    "ecommerce-orders.avsc": "976582248ae221dcb9aaaf2a40b684981872967de3a46f104145dcf2b03e9f44",
    "ecommerce-promotions.avsc": "6df2b447d39fa070b0ce8ba2185db40cef18aa397d98514842c3ecfac603adfe",
    "noop.py": "3c2c43cb65210179d0f2e168f2f4ae1d70272468e7a27ca87afec2dcb851e91a",
}


def test_every_yardstick_is_as_it_was() -> None:
    folder = Path(bench.yardsticks.__file__).parent
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == DIGESTS
