"""Live aggregates: the last ones used, and a lock for each stream that is being decided on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

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
        stream_id = live.stream.id
        there = self._live.get(stream_id)
        if there is not None:
            if there.stream.version > live.stream.version:
                return
            self._live.move_to_end(stream_id)
        self._live[stream_id] = live
        while len(self._live) > self._streams_max:
            self._live.popitem(last=False)

    def evict(self, stream_ids: Iterable[UUID]) -> None:
        for stream_id in stream_ids:
            self._live.pop(stream_id, None)


class Locks:
    """One lock for each stream. Several are taken in sorted order, so that two commands never wait for each other."""

    def __init__(self) -> None:
        self._held: dict[UUID, deque[asyncio.Future[None]]] = {}
        """Who waits for each stream that is held; the lock passes to the first of them."""

    def are_free(self, stream_ids: Collection[UUID]) -> bool:
        return all(stream_id not in self._held for stream_id in stream_ids)

    async def take(self, stream_ids: Collection[UUID]) -> None:
        """Waits unless `are_free`. Whoever has taken them releases them."""
        taken: list[UUID] = []
        try:
            for stream_id in sorted(stream_ids) if len(stream_ids) > 1 else stream_ids:
                waiting = self._held.get(stream_id)
                if waiting is None:
                    self._held[stream_id] = deque()
                else:
                    await self._wait(stream_id, waiting)
                taken.append(stream_id)
        except BaseException:
            self.release(taken)
            raise

    async def _wait(self, stream_id: UUID, waiting: deque[asyncio.Future[None]]) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release((stream_id,))  # it was ours already
            raise

    def release(self, stream_ids: Iterable[UUID]) -> None:
        """Each passes to whoever has waited longest."""
        for stream_id in stream_ids:
            waiting = self._held[stream_id]
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break
            else:
                del self._held[stream_id]
