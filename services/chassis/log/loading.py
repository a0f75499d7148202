"""Loading: streams for a decision or a question, out of the cache where it has them, else folded from the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.chassis.ids import is_just_made
from services.chassis.log.cache import Cache, Live, Locks
from services.chassis.log.deciding import Deciding
from services.chassis.log.origins import Origin
from services.chassis.log.reader import Reader, verify
from services.chassis.log.units import NO_HASH, Record
from services.chassis.service import Service
from services.kernel.facts import Change, Stream

S = TypeVar("S", bound=Stream)

Wanted = tuple[type[Stream], str]
"""A stream's type, and the tenant who wants it."""


class Loading:
    """Puts together what a decision needs. What it takes out of the cache comes back only when it has been stored."""

    def __init__(self, service: Service, reader: Reader, cache: Cache, locks: Locks) -> None:
        self._service, self._reader, self._cache, self._locks = service, reader, cache, locks

    async def for_decision(
        self, changed: Mapping[UUID, Wanted], given: Mapping[UUID, Wanted], now: datetime, give_up_at: float, *, may_be_new: bool
    ) -> Deciding:
        """Live streams out of the cache, given ones as the cache has them (the unit checks their versions), missing ones from the store.

        `may_be_new`: a stream whose id was just made is taken to be new; if it is not, the version check says so.
        """
        live: dict[UUID, Live] = {}
        looked_at: dict[UUID, Live] = {}
        missing: dict[UUID, Wanted] = {}
        for stream_id, want in changed.items():
            taken = self._cache.take(stream_id)
            if taken is None and may_be_new and is_just_made(stream_id):
                taken = Live(want[0].blank(stream_id), NO_HASH, want[1])
            if taken is None:
                missing[stream_id] = want
            else:
                live[stream_id] = _as_seen(taken, *want)
        for stream_id, want in given.items():
            there = self._cache.get(stream_id)
            if there is None:
                missing[stream_id] = want
            else:
                looked_at[stream_id] = _as_seen(there, *want)
        if missing:
            async with asyncio.timeout_at(give_up_at):
                found = await self._cold(missing)
            for stream_id, cold in found.items():
                (live if stream_id in changed else looked_at)[stream_id] = _as_seen(cold, *missing[stream_id])
                if stream_id in given and cold.stream.version:
                    self._cache.put(cold)
            # Told in the order of the changes, whichever of them the cache had.
            live = {stream_id: live[stream_id] for stream_id in changed}
        return Deciding(self._service.mapper, self._reader, live, looked_at, now)

    async def live(self, stream: type[S], stream_id: UUID, tenant_id: str) -> S:
        """The live stream for a question, with everything stored by anyone until now. Blank where there is none for this tenant."""
        await self._locks.take((stream_id,))
        try:
            live = self._cache.take(stream_id)
            if live is None or live.tenant_id != tenant_id or not isinstance(live.stream, stream):
                if live is not None:
                    self._cache.put(live)
                live = (await self._cold({stream_id: (stream, tenant_id)}))[stream_id]
            else:
                newer = await self._reader.after_version(stream_id, live.stream.version)
                live.head_hash = self.fold(live.stream, newer, live.head_hash)
            if not live.stream.version or live.tenant_id != tenant_id:
                return stream.blank(stream_id)
            self._cache.put(live)
            return live.stream  # type: ignore[return-value]  # loaded as `stream`
        finally:
            self._locks.release((stream_id,))

    def remembered(self, stream: type[S], stream_id: UUID, tenant_id: str) -> S | None:
        """As the cache has it, however old."""
        live = self._cache.get(stream_id)
        if live is None or live.tenant_id != tenant_id or not isinstance(live.stream, stream):
            return None
        return live.stream

    async def _cold(self, wanted: Mapping[UUID, Wanted]) -> dict[UUID, Live]:
        cold = {}
        for stream_id, records in (await self._reader.streams(list(wanted))).items():
            kind, tenant_id = wanted[stream_id]
            stream = kind.blank(stream_id)
            if records and not is_of(kind, records):
                cold[stream_id] = Live(stream, NO_HASH, tenant_id, is_hidden=True)
                continue
            self.replay(stream, records)
            head = records[-1].hash if records else NO_HASH
            cold[stream_id] = Live(stream, head, records[0].tenant_id if records else tenant_id)
        return cold

    def fold(self, stream: Stream, records: Sequence[Record], head: bytes = NO_HASH) -> bytes:
        """The stream brought up to the records, and the hash of its head. HistoryDoesNotVerify where they do not follow."""
        head = verify(records, stream.version, head)
        self.replay(stream, records)
        return head

    def replay(self, stream: Stream, records: Sequence[Record]) -> None:
        """Records that have been verified when they were read."""
        decode = self._service.mapper.decode
        for record in records:
            decode(record.event).mutate(stream)


def wanted(decisions: Sequence[tuple[Origin, Sequence[Change[Any]]]]) -> tuple[dict[UUID, Wanted], dict[UUID, Wanted]]:
    """The streams that are changed, and those that are only looked at."""
    changed: dict[UUID, Wanted] = {}
    given: dict[UUID, Wanted] = {}
    for asked, changes in decisions:
        for change in changes:
            changed[change.id] = (change.stream, asked.tenant_id)
            for kind, stream_id in change.given:
                given[stream_id] = (kind, asked.tenant_id)
    if given:
        for stream_id in changed:
            given.pop(stream_id, None)
    return changed, given


def is_of(kind: type[Stream], records: Sequence[Record]) -> bool:
    """Whether it is a stream of this kind, by the fact that it begins with."""
    return not kind.begins_with or records[0].type_name.rpartition(".")[2] in kind.begins_with


def _as_seen(live: Live, kind: type[Stream], tenant_id: str) -> Live:
    """Another tenant's stream does not exist for this one, nor does one of another kind under this one's name."""
    return (
        live
        if live.tenant_id == tenant_id and isinstance(live.stream, kind)
        else Live(kind.blank(live.stream.id), NO_HASH, tenant_id, is_hidden=True)
    )
