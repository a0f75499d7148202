"""Sealed values: personal data as the domain sees it, opaque, live or replayed."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sealed:
    """AES-256-GCM ciphertext under the key of one data subject. Only the owning service opens it."""

    subject_id: UUID
    key_version: int
    nonce: bytes
    ciphertext: bytes
