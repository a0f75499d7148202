"""Contracts in the file: what describes the events' message, so that facts of a later contract than ours can be named too.

They are never trusted for the chain: who an event is and what it remembers is read with our own contracts alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError, Message

from clients.audit.history_file import CONTRACTS_BYTES_MAX

ONEOF = "event"


def contracts_of(event: type[Message]) -> bytes:
    """The FileDescriptorSet of an events' message and of everything it is made of, dependencies first."""
    described = FileDescriptorSet()
    for file in _with_dependencies(event.DESCRIPTOR.file, set()):
        file.CopyToProto(described.file.add())
    return described.SerializeToString(deterministic=True)


def _with_dependencies(file: Any, seen: set[str]) -> Iterator[Any]:
    if file.name not in seen:
        seen.add(file.name)
        for dependency in file.dependencies:
            yield from _with_dependencies(dependency, seen)
        yield file


@lru_cache(maxsize=8)
def facts_in(contracts: bytes, event: str) -> Mapping[int, str] | None:
    """Full names of the facts by their field of the events' message `event`; None where the contracts do not describe it."""
    if not contracts or len(contracts) > CONTRACTS_BYTES_MAX:
        return None
    try:
        described = FileDescriptorSet.FromString(contracts)
    except DecodeError:
        return None
    for file in described.file:
        for message in file.message_type:
            if f"{file.package}.{message.name}" == event:
                return _facts_of(message)
    return None


def _facts_of(message: DescriptorProto) -> Mapping[int, str] | None:
    places = [place for place, oneof in enumerate(message.oneof_decl) if oneof.name == ONEOF]
    if not places:
        return None
    fields = [field for field in message.field if field.HasField("oneof_index") and field.oneof_index == places[0]]
    # What is no UTF-8 comes as bytes, against its type: such contracts describe nothing.
    names: list[Any] = [field.type_name for field in fields]
    if not all(isinstance(name, str) for name in names):
        return None
    return {field.number: name.lstrip(".") for field, name in zip(fields, names, strict=True)}
