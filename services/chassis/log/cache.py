"""Live aggregates: the last ones used, and one lock for each stream that is being decided on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from services.kernel.facts import Stream


@dataclass(slots=True)
class Live:
    """A stream as stored, and the hash of its head. `stream.version` is the stored version: nothing in it is pending."""

    stream: Stream
    head_hash: bytes
    tenant_id: str
    is_hidden: bool = False
    """Another tenant's stream, shown as blank: for whoever looks it does not exist."""


class Cache:
    """At most `streams_max` live streams. Only a hint: the version check at the write decides."""

    def __init__(self, streams_max: int) -> None:
        self._streams_max = streams_max
        self._live: OrderedDict[UUID, Live] = OrderedDict()

    def get(self, stream_id: UUID) -> Live | None:
        live = self._live.get(stream_id)
        if live is not None:
            self._live.move_to_end(stream_id)
        return live

    def take(self, stream_id: UUID) -> Live | None:
        """Out of the cache: whoever decides on it changes it, and puts it back only when that is stored."""
        return self._live.pop(stream_id, None)

    def put(self, live: Live) -> None:
        there = self._live.get(live.stream.id)
        if there is not None and there.stream.version > live.stream.version:
            return
        self._live[live.stream.id] = live
        self._live.move_to_end(live.stream.id)
        while len(self._live) > self._streams_max:
            self._live.popitem(last=False)

    def evict(self, stream_ids: Iterable[UUID]) -> None:
        for stream_id in stream_ids:
            self._live.pop(stream_id, None)


class Locks:
    """One lock for each stream, taken in sorted order so that two commands never wait for each other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, stream_ids: Iterable[UUID]) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            for stream_id in sorted(set(stream_ids)):
                lock = self._locks.get(stream_id)
                if lock is None:
                    lock = self._locks[stream_id] = asyncio.Lock()
                await held.enter_async_context(lock)
            yield
