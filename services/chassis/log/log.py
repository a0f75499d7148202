"""The log of a service: the way in for all three doors (`run`), live streams for questions, and the history in order."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.chassis.clock import Clock, DevelopmentClock, RealClock
from services.chassis.log.cache import Cache, Locks
from services.chassis.log.connections import WRITER_PLANS, dsn_as, pool
from services.chassis.log.deciding import Deciding, repeated
from services.chassis.log.loading import Loading, is_of, wanted
from services.chassis.log.origins import Command, HeardFact, HeardUpTo, Origin, TimerFired
from services.chassis.log.reader import Epoch, Head, Reader
from services.chassis.log.units import Conflict, HeardAlready, NotStored, Record, Stored, Unit
from services.chassis.log.writer import Writer
from services.chassis.runtime import StartRefused
from services.chassis.service import Service
from services.chassis.telemetry import metrics
from services.kernel.facts import Change, Stream
from services.kernel.refusal import Refusal

DECIDE_AGAIN_MAX = 32
DECIDE_AGAIN_PAUSE_SECONDS_MAX = 0.1
COUNTS_TOLD_EVERY_SECONDS = 0.2
STREAMS_LIVE_MAX = 50_000
READERS_MAX = 4

S = TypeVar("S", bound=Stream)


class Log:
    """One service's log in one process. A Part: started before what stands on it.

    `claim_key` is the key of the hashes by which names are claimed, the same for ever (or until claims are written anew).
    """

    name = "log"

    def __init__(
        self,
        dsn: str,
        service: Service,
        claim_key: bytes,
        *,
        partitions: int = 12,
        development_clock: DevelopmentClock | None = None,
        streams_live_max: int = STREAMS_LIVE_MAX,
    ) -> None:
        self.dsn, self.service = dsn, service
        self.clock: Clock = development_clock or RealClock()
        self._partitions = partitions
        as_writer = dsn_as(dsn, f"{service.name}_writer", *WRITER_PLANS)
        self._writer = Writer(as_writer, service.name, development_clock is not None)
        self._pool = pool(as_writer, READERS_MAX, f"{service.name}.log")
        self._reader = Reader(as_writer, self._pool, service, claim_key, development_clock is not None)
        self._cache = Cache(streams_live_max)
        self._locks = Locks()
        self._loading = Loading(service, self._reader, self._cache, self._locks)
        self._wakes: list[Callable[[], None]] = []
        self._counts: Counter[str] = Counter()

    async def start(self) -> None:
        await self._pool.open(wait=True)
        await self._open_first_epoch()
        await self._writer.start()

    async def stop(self) -> None:
        await self._writer.stop()
        self._reader.close()
        await self._pool.close()

    async def wait(self) -> None:
        await self._writer.wait()

    async def now(self) -> datetime:
        """The time the business believes it is."""
        return self.clock.now()

    def on_appended(self, wake: Callable[[], None]) -> None:
        """Call `wake` (quick, never raising) whenever something new has been stored by this process."""
        self._wakes.append(wake)

    # The way in -------------------------------------------------------------------------------------------------------

    async def run(self, origin: Command | TimerFired, *changes: Change[Any], deadline_seconds: float = 10.0) -> Stored:
        """Load, decide, store what was told. Durable when it returns.

        Raises the Refusal of a decision, NotStored by kind (Conflict when an etag is old or nothing settles), OutcomeUnknown.
        A command that was run before returns its first outcome, whatever its decision would be today.
        """
        etag = origin.etag if isinstance(origin, Command) else None
        return await self._run(origin, [(origin, changes)], deadline_seconds, etag)

    async def run_heard(
        self, up_to: HeardUpTo, decisions: Sequence[tuple[HeardFact, Sequence[Change[Any]]]], deadline_seconds: float = 30.0
    ) -> Stored:
        """Store the effects of a batch of heard facts together with the position they move, or nothing.

        Raises HeardAlready when the position is not where the batch begins; a Refusal when a decision refuses (hear the others without it).
        """
        return await self._run(up_to, list(decisions), deadline_seconds, None)

    async def _run(
        self,
        origin: Command | TimerFired | HeardUpTo,
        decisions: Sequence[tuple[Origin, Sequence[Change[Any]]]],
        deadline_seconds: float,
        etag: int | None,
    ) -> Stored:
        give_up_at = asyncio.get_running_loop().time() + deadline_seconds
        changed, given = wanted(decisions)
        if self._locks.are_free(changed):
            await self._locks.take(changed)
        else:
            async with asyncio.timeout_at(give_up_at):
                await self._locks.take(changed)
        try:
            for again in range(DECIDE_AGAIN_MAX):
                deciding = await self._loading.for_decision(changed, given, self.clock.now(), give_up_at, may_be_new=not again)
                try:
                    return await self._attempt(origin, decisions, deciding, give_up_at, etag)
                except Conflict as conflict:
                    self._cache.evict(given)
                    if again and (again == DECIDE_AGAIN_MAX - 1 or not _may_settle(conflict, decisions, etag)):
                        raise
                await asyncio.sleep(_pause_seconds(again))
        finally:
            self._locks.release(changed)
        raise AssertionError("unreachable: the last attempt raises or returns")

    async def _attempt(
        self,
        origin: Command | TimerFired | HeardUpTo,
        decisions: Sequence[tuple[Origin, Sequence[Change[Any]]]],
        deciding: Deciding,
        give_up_at: float,
        etag: int | None,
    ) -> Stored:
        first = decisions[0][1][0].id if etag is not None else None
        version = deciding.version_of(first) if first is not None else 0
        if first is not None and etag != version and version:
            return await self._answer_old_etag(origin, deciding, first, give_up_at)
        refusal: Refusal | None = None
        try:
            for asked, changes in decisions:
                deciding.decide(asked, changes)
            unit = deciding.unit(origin)
        except Refusal as refused:
            refusal = refused
            unit = deciding.check(origin, refused)
        else:
            if first is not None and etag != version:
                return await self._answer_old_etag(origin, deciding, first, give_up_at)
        stored = await self._append(unit, deciding, give_up_at)
        if refusal is not None and not stored.is_repeated:
            self._count("refused")
            raise refusal
        self._keep(deciding, stored, refusal is None)
        return stored

    async def _append(self, unit: Unit, deciding: Deciding, give_up_at: float) -> Stored:
        try:
            placed = await self._writer.append(unit, give_up_at - asyncio.get_running_loop().time())
        except HeardAlready as already:
            if not already.is_ours:
                self._count("heard_already")
                raise
            return Stored(already.position, deciding.now, (), is_repeated=True)
        except NotStored as not_stored:
            self._count(type(not_stored).__name__)
            raise
        if placed.reply is not None:
            self._count("repeated")
            return repeated(placed.reply, placed.position, placed.recorded_at)
        return Stored(placed.position, placed.recorded_at, tuple(deciding.streams))

    async def _answer_old_etag(self, origin: Any, deciding: Deciding, stream_id: UUID, give_up_at: float) -> Stored:
        """A repeated command gets its first reply even when its etag is old by now; anything else is a Conflict."""
        version = deciding.version_of(stream_id)
        stored = await self._append(deciding.check(origin, None), deciding, give_up_at)
        if stored.is_repeated:
            return stored
        raise Conflict(stream_id, version)

    def _keep(self, deciding: Deciding, stored: Stored, decided: bool) -> None:
        if stored.is_repeated or not decided:
            return
        for live in deciding.live:
            if live.stream.version:
                self._cache.put(live)
        if not deciding.has_told:
            self._count("told_nothing")
            return
        self._count("stored")
        for wake in self._wakes:
            wake()

    def _count(self, outcome: str) -> None:
        """Counted here, added up for the meter now and then: an instrument costs as much as a decision."""
        if not self._counts:
            asyncio.get_running_loop().call_later(COUNTS_TOLD_EVERY_SECONDS, self._tell_counts)
        self._counts[outcome] += 1

    def _tell_counts(self) -> None:
        for outcome, number in self._counts.items():
            metrics.COMMANDS.add(number, {"service": self.service.name, "outcome": outcome})
        self._counts.clear()

    async def _open_first_epoch(self) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                f"INSERT INTO {self.service.name}.epochs VALUES (1, 0, %s) ON CONFLICT DO NOTHING".encode(), (self._partitions,)
            )
        epoch = await self.epoch()
        if epoch.partitions != self._partitions:
            raise StartRefused(
                f"the topic has {epoch.partitions} partitions since epoch {epoch.number}; {self._partitions} need a new epoch"
            )

    # Questions --------------------------------------------------------------------------------------------------------

    async def load(self, stream: type[S], stream_id: UUID, tenant_id: str) -> S:
        """The live stream, with everything stored by anyone until now. Look, do not touch. Blank where there is none for this tenant.

        It is as stored until the caller waits for something else: by then a decision may have told more that is not stored yet. What two
        answers must agree on (a version, a sum) is read in one breath.
        """
        return await self._loading.live(stream, stream_id, tenant_id)

    async def recall(self, stream: type[S], stream_id: UUID, tenant_id: str) -> S:
        """The stream as this process saw it last, loaded where it has not: for what never changes once told (whose a case is).

        It may be older than what is stored: what a decision rests on is loaded, and checked, by `run`.
        """
        return self._loading.remembered(stream, stream_id, tenant_id) or await self.load(stream, stream_id, tenant_id)

    async def fold(self, stream: type[S], stream_id: UUID, tenant_id: str, known_at: datetime | None = None) -> S:
        """A fresh fold of the stored history, as far as it was known at an instant (None: all of it). Blank where nothing was."""
        folded = stream.blank(stream_id)
        records = await self.read_stream(stream_id, tenant_id, known_at)
        if records and is_of(stream, records):
            self._loading.replay(folded, records)
        return folded

    async def read_stream(self, stream_id: UUID, tenant_id: str, known_at: datetime | None = None) -> list[Record]:
        """The stream's records, its chain verified as a whole; HistoryDoesNotVerify where it does not fit."""
        records = (await self._reader.streams([stream_id]))[stream_id]
        if not records or records[0].tenant_id != tenant_id:
            return []
        return records if known_at is None else [record for record in records if record.recorded_at <= known_at]

    async def read(self, after: int, limit: int) -> list[Record]:
        return await self._reader.read(after, limit)

    async def claimed(self, tenant_id: str, kind: str, values: Sequence[str]) -> dict[str, UUID]:
        return await self._reader.claimed(tenant_id, kind, values)

    async def head(self) -> Head:
        return await self._reader.head()

    async def epoch(self) -> Epoch:
        """The present one."""
        return (await self._reader.epochs())[-1]

    async def epochs(self) -> list[Epoch]:
        """All of them, oldest first."""
        return await self._reader.epochs()

    async def tenant_of(self, stream_id: UUID) -> str | None:
        """Whose stream it is; None where there is none."""
        return await self._reader.tenant_of(stream_id)


def _may_settle(conflict: Conflict, decisions: Sequence[tuple[Origin, Sequence[Change[Any]]]], etag: int | None) -> bool:
    """Whether to decide again: not on what another tenant holds, and not where the caller has seen another version of the first stream."""
    if not conflict.current_version:
        return False
    return etag is None or conflict.stream_id != decisions[0][1][0].id or conflict.current_version == etag


def _pause_seconds(again: int) -> float:
    """Longer each time, and of uneven length: two replicas that decide on one stream must not keep step."""
    return min(again * 0.001 * (1 + time.monotonic_ns() // 1000 % 5), DECIDE_AGAIN_PAUSE_SECONDS_MAX)


__all__ = ["Epoch", "Head", "Log"]
