"""Open the registry that an argument names: see `contracts.applications.Places.registry`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.registry import BundledRegistry, MemoryStore, Registry
from contracts.registry.folder import FolderStore
from contracts.registry.glue import GlueRegistry
from contracts.schemas import bundled_schemas


def open_registry(spec: str, *, glue_client: Any | None = None) -> Registry:
    """The registry of ``bundled``, ``bundled:FOLDER`` or ``glue:REGISTRY``; ValueError on others.

    `glue_client` is needed for the last alone, so that only its callers need AWS packages.
    """
    place, colon, name = spec.partition(":")
    if place == "bundled" and not colon:
        return BundledRegistry(MemoryStore(bundled_schemas()))
    if place == "bundled" and name:
        return BundledRegistry(FolderStore(Path(name), bundled_schemas()))
    if place == "glue" and name:
        if glue_client is None:
            raise ValueError(f"a Glue client is needed for {spec!r}")
        return GlueRegistry(glue_client, name)
    raise ValueError(f"a registry is bundled, bundled:FOLDER or glue:REGISTRY, got {spec!r}")
