"""Subjects: whose data it is, where a sealed value belongs, and how the two are bound to its ciphertext."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

_DOMAIN = b"acuerdo.sealed.v1"


@dataclass(frozen=True, slots=True)
class Subject:
    """One person of one tenant."""

    tenant_id: str
    subject_id: UUID


class SealIsBroken(Exception):
    """A sealed value does not fit its key, its subject, its stream or its field: it was changed or moved. (DATA_LOSS)"""

    def __init__(self, stream_id: UUID, field: str) -> None:
        self.stream_id, self.field = stream_id, field
        super().__init__(f"sealed value of stream {stream_id}, field {field}")


def bound_to(subject: Subject, stream_id: UUID, field: str) -> bytes:
    """The associated data of a sealed value. Each part carries its length, so that no two places share one text."""
    return _joined(_DOMAIN, subject.tenant_id.encode(), subject.subject_id.bytes, stream_id.bytes, field.encode())


def key_bound_to(subject: Subject, key_version: int) -> bytes:
    """The associated data of a wrapped key."""
    return _joined(b"acuerdo.key.v1", subject.tenant_id.encode(), subject.subject_id.bytes, key_version.to_bytes(4, "big"))


def _joined(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
