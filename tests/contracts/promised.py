"""Everything that is promised: the contracts of all services, found by their files, so that a new service is asked too."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

from services.chassis.service import Service

ROOT = Path(__file__).resolve().parents[2]
READS = ("CanContact", "CheckPacks", "Explain", "Get", "Head", "List", "NextAllowedAt", "Preview", "Replay", "Validate", "Verify")
"""How a method that changes nothing begins."""


def files() -> list[FileDescriptor]:
    sources = sorted((ROOT / "proto" / "acuerdo").rglob("*.proto"))
    modules = [".".join(source.relative_to(ROOT / "proto").with_suffix("").parts) + "_pb2" for source in sources]
    return [importlib.import_module(module).DESCRIPTOR for module in modules]


def methods() -> list[MethodDescriptor]:
    return [method for file in files() for service in file.services_by_name.values() for method in service.methods]


def mutations() -> list[MethodDescriptor]:
    return [method for method in methods() if not method.name.startswith(READS)]


def messages() -> list[Descriptor]:
    """All of them, those inside others too."""
    return [message for file in files() for outer in file.message_types_by_name.values() for message in (outer, *_inner(outer))]


def _inner(message: Descriptor) -> Iterator[Descriptor]:
    for inner in message.nested_types:
        yield inner
        yield from _inner(inner)


def request_fields() -> dict[str, FieldDescriptor]:
    """Every field that a caller can fill, by its full name: of requests and of our messages inside them."""
    found: dict[str, FieldDescriptor] = {}
    for method in methods():
        _collect(method.input_type, found)
    return found


def _collect(message: Descriptor, found: dict[str, FieldDescriptor]) -> None:
    for field in message.fields:
        if field.full_name in found:
            continue
        found[field.full_name] = field
        if field.message_type is not None and field.message_type.full_name.startswith("acuerdo."):
            _collect(field.message_type, found)


def services() -> list[Service]:
    """Every service's card."""
    cards = sorted((ROOT / "services").glob("*/card.py"))
    found = [vars(importlib.import_module(f"services.{card.parent.name}.card")) for card in cards]
    return [value for names in found for value in names.values() if isinstance(value, Service)]
