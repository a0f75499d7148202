"""Wrapping: the port behind which the key-encryption key lives, and the adapter of development, a file."""

from __future__ import annotations

import hashlib
import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class KeyDoesNotUnwrap(Exception):
    """The wrapped key fits none of the key-encryption keys at hand. Nothing is erased: a key is missing here."""


class KeyWrapper(Protocol):
    """Port: AWS KMS, Vault transit, or a file. `bound_to` is authenticated (KMS: encryption context)."""

    kek_id: str
    """Of the key that wraps from now on."""

    async def wrap(self, key: bytes, bound_to: bytes) -> bytes: ...

    async def unwrap(self, kek_id: str, wrapped: bytes, bound_to: bytes) -> bytes:
        """KeyDoesNotUnwrap where the key-encryption key is not there or does not fit."""


class FileKeyWrapper:
    """AES-256-GCM under a key derived from a secret. `former` still unwrap, so that a key-encryption key can be replaced."""

    def __init__(self, secret: bytes, *former: bytes) -> None:
        self._keks = {_id(known): AESGCM(_derived(known)) for known in (secret, *former)}
        self.kek_id = _id(secret)

    async def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keks[self.kek_id].encrypt(nonce, key, bound_to)

    async def unwrap(self, kek_id: str, wrapped: bytes, bound_to: bytes) -> bytes:
        if kek_id not in self._keks:
            raise KeyDoesNotUnwrap(kek_id)
        try:
            return self._keks[kek_id].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)
        except InvalidTag:
            raise KeyDoesNotUnwrap(kek_id) from None


def _id(secret: bytes) -> str:
    return "file:" + hashlib.sha256(b"acuerdo.kek.id\x00" + secret).hexdigest()[:16]


def _derived(secret: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"acuerdo.kek.v1").derive(secret)
