"""Opens the registry that an argument names; see `contracts.applications.Endpoints.registry`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.registry import BundledRegistry, MemoryStore, Registry
from contracts.registry.folder import FolderStore
from contracts.registry.glue import GlueRegistry
from contracts.schemas import bundled_schemas


def open_registry(spec: str, *, glue_client: Any | None = None) -> Registry:
    """The registry of ``bundled``, ``bundled:FOLDER`` or ``glue:REGISTRY``; else ValueError.

    Only the last one needs `glue_client`, so that only its callers need AWS packages.
    """
    kind, colon, name = spec.partition(":")
    if kind == "bundled" and not colon:
        return BundledRegistry(MemoryStore(bundled_schemas()))
    if kind == "bundled" and name:
        return BundledRegistry(FolderStore(Path(name), bundled_schemas()))
    if kind == "glue" and name:
        if glue_client is None:
            raise ValueError(f"a Glue client is needed for {spec!r}")
        return GlueRegistry(glue_client, name)
    raise ValueError(f"a registry is bundled, bundled:FOLDER or glue:REGISTRY, got {spec!r}")
