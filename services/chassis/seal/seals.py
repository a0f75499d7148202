"""Seals: personal data in, opaque values out, and back while the subject's key exists."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.chassis.seal.store import DestroyedKey, KeyStore, WrappedKey
from services.chassis.seal.subjects import SealIsBroken, Subject, bound_to, key_bound_to
from services.chassis.seal.wrapping import NONCE_BYTES, KeyWrapper
from services.kernel.sealed import Sealed

KEYS_KEPT_MAX = 10_000
KEYS_KEPT_SECONDS = 60.0
"""How long a process may still use a key that another one has destroyed."""
SEALS_RESERVED_AT_ONCE = 256
SEALS_PER_KEY_MAX = 2**32
"""With random 96-bit nonces a key seals no more values than this (NIST SP 800-38D §8.3); then it gets a new version."""
REWRAPPED_AT_ONCE = 200
LOCKS = 64

_log = structlog.get_logger("seal")


@dataclass(slots=True)
class _Key:
    """A subject's key in clear, for a while."""

    version: int
    cipher: AESGCM
    good_until: float
    seals_left: int = 0


class Seals:
    """The seals of one service. Nobody else opens them."""

    name = "seals"

    def __init__(self, dsn: str, service: str, wrapper: KeyWrapper) -> None:
        self._store, self._wrapper = KeyStore(dsn, service), wrapper
        self._keys: OrderedDict[tuple[Subject, int], _Key] = OrderedDict()
        self._newest: OrderedDict[Subject, int] = OrderedDict()
        self._making = [asyncio.Lock() for _ in range(LOCKS)]
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._store.open()

    async def stop(self) -> None:
        await self._store.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def seal(self, subject: Subject, stream_id: UUID, field: str, text: str) -> Sealed:
        """Seal `text` for one field of one stream. The subject's key is committed before this returns.

        Sealed twice, the same text gives other bytes: compare requests by their payload hash, never by sealed values.
        """
        key = await self._sealing_key(subject)
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = key.cipher.encrypt(nonce, text.encode(), bound_to(subject, stream_id, field))
        return Sealed(subject.subject_id, key.version, nonce, ciphertext)

    async def begin(self, subjects: Sequence[Subject]) -> None:
        """Keys for subjects that have just been minted, all at once: what is sealed for them next waits for nothing.

        One that has a key already, or had one, is left to `seal`.
        """
        made = {subject: AESGCM.generate_key(256) for subject in dict.fromkeys(subjects)}
        wrapped = await asyncio.gather(*(self._wrapper.wrap(clear, key_bound_to(subject, 1)) for subject, clear in made.items()))
        rows = [
            (subject, WrappedKey(1, self._wrapper.kek_id, key, SEALS_RESERVED_AT_ONCE)) for subject, key in zip(made, wrapped, strict=True)
        ]
        for subject in await self._store.begin(rows):
            self._keep(subject, 1, made[subject], is_newest=True).seals_left = SEALS_RESERVED_AT_ONCE

    async def open(self, tenant_id: str, stream_id: UUID, field: str, sealed: Sealed) -> str | None:
        """The text, or None where the subject's key was destroyed. SealIsBroken where the value was changed or moved."""
        subject = Subject(tenant_id, sealed.subject_id)
        key = await self._key(subject, sealed.key_version)
        if key is None:
            return None
        try:
            return key.cipher.decrypt(sealed.nonce, sealed.ciphertext, bound_to(subject, stream_id, field)).decode()
        except (InvalidTag, ValueError):
            raise SealIsBroken(stream_id, field) from None

    async def destroy(self, subject: Subject) -> int:
        """Destroy every key of the subject: what they sealed is erased, everywhere within KEYS_KEPT_SECONDS.

        How many keys there were; 0 when asked again. Export `destroyed()` afterwards, to a place that no restore overwrites.
        """
        count = await self._store.destroy(subject)
        self._forget(subject)
        return count

    async def destroyed(self) -> list[DestroyedKey]:
        """What must stay destroyed, oldest first."""
        return await self._store.destroyed()

    async def destroy_again(self, keys: Sequence[DestroyedKey]) -> int:
        """After a restore: destroy what it has brought back. How many keys that were."""
        count = await self._store.destroy_again(keys)
        for key in keys:
            self._forget(Subject(key.tenant_id, key.subject_id))
        return count

    async def rotate(self, subject: Subject) -> int:
        """From now on the subject's values are sealed with a new key; what is sealed stays readable. The new version."""
        newest, _ = await self._store.versions(subject)
        return (await self._make(subject, above=newest)).version

    async def rewrap(self) -> int:
        """Wrap every key with the present key-encryption key; histories are not touched. How many were wrapped anew."""
        count = 0
        while found := await self._store.wrapped_otherwise(self._wrapper.kek_id, REWRAPPED_AT_ONCE):
            for subject, kept in found:
                bound = key_bound_to(subject, kept.key_version)
                clear = await self._wrapper.unwrap(kept.kek_id, kept.wrapped, bound)
                wrapped = await self._wrapper.wrap(clear, bound)
                await self._store.replace(subject, WrappedKey(kept.key_version, self._wrapper.kek_id, wrapped, kept.seals_reserved))
            count += len(found)
        return count

    # Keys --------------------------------------------------------------------------------------------------------------

    async def _sealing_key(self, subject: Subject) -> _Key:
        """The newest key, one of its seals taken. One task at a time for each subject: one key is made, one block reserved."""
        async with self._making[hash(subject) % LOCKS]:
            key = await self._newest_key(subject) or await self._make(subject, above=0)
            while key.seals_left < 1:
                reserved = await self._store.reserve(subject, key.version, SEALS_RESERVED_AT_ONCE)
                if reserved is not None and reserved <= SEALS_PER_KEY_MAX:
                    key.seals_left = SEALS_RESERVED_AT_ONCE
                else:
                    # Destroyed meanwhile, or used up: the next value gets a new key.
                    self._keys.pop((subject, key.version), None)
                    key = await self._make(subject, above=key.version)
            key.seals_left -= 1
            return key

    async def _newest_key(self, subject: Subject) -> _Key | None:
        version = self._newest.get(subject)
        if version is not None and (key := self._kept(subject, version)) is not None:
            return key
        kept = await self._store.newest(subject)
        return None if kept is None else await self._unwrapped(subject, kept)

    async def _key(self, subject: Subject, version: int) -> _Key | None:
        if (key := self._kept(subject, version)) is not None:
            return key
        kept = await self._store.of_version(subject, version)
        return None if kept is None else await self._unwrapped(subject, kept, is_newest=False)

    async def _unwrapped(self, subject: Subject, kept: WrappedKey, *, is_newest: bool = True) -> _Key:
        clear = await self._wrapper.unwrap(kept.kek_id, kept.wrapped, key_bound_to(subject, kept.key_version))
        return self._keep(subject, kept.key_version, clear, is_newest=is_newest)

    async def _make(self, subject: Subject, above: int) -> _Key:
        """A key newer than version `above`, committed before anything is sealed with it. Where another process is quicker, theirs."""
        while True:
            newest, version = await self._store.versions(subject)
            if newest > above and (theirs := await self._store.newest(subject)) is not None:
                return await self._unwrapped(subject, theirs)
            clear = AESGCM.generate_key(256)
            wrapped = await self._wrapper.wrap(clear, key_bound_to(subject, version))
            # Two processes that have seen the same newest key name the same successor: one of them adds it.
            if await self._store.add(subject, WrappedKey(version, self._wrapper.kek_id, wrapped, 0)):
                return self._keep(subject, version, clear, is_newest=True)

    def _kept(self, subject: Subject, version: int) -> _Key | None:
        key = self._keys.get((subject, version))
        return key if key is not None and time.monotonic() < key.good_until else None

    def _keep(self, subject: Subject, version: int, clear: bytes, *, is_newest: bool) -> _Key:
        key = _Key(version, AESGCM(clear), time.monotonic() + KEYS_KEPT_SECONDS)
        self._keys[subject, version] = key
        if is_newest:
            self._newest[subject] = version
            self._newest.move_to_end(subject)
        for kept in (self._keys, self._newest):
            while len(kept) > KEYS_KEPT_MAX:
                kept.popitem(last=False)
        return key

    def _forget(self, subject: Subject) -> None:
        for version in [version for known, version in self._keys if known == subject]:
            del self._keys[subject, version]
        self._newest.pop(subject, None)
