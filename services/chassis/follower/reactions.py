"""Reactions: one source's facts, heard through Kafka, become units of ours. A part of every worker of the listening service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import NoReturn

import structlog
from aiokafka.errors import KafkaError

from services.chassis.follower import listens as epochs
from services.chassis.follower import marks, parking, topics
from services.chassis.follower.applying import TRANSIENT, Applying
from services.chassis.follower.behind import Behind
from services.chassis.follower.consuming import Consuming
from services.chassis.follower.leases import Leases
from services.chassis.follower.listening import EpochOpened, Listener, newly_said
from services.chassis.follower.listens import Listens
from services.chassis.follower.replays import Replays, SourceUnreachable
from services.chassis.follower.source import Source
from services.chassis.follower.tasks import Tasks
from services.chassis.follower.topics import Kafka, events_topic, heads_topic
from services.chassis.follower.watchdog import Watchdog
from services.chassis.heard import Reactions as Table
from services.chassis.log.log import Log
from services.chassis.log.units import HeardAlready
from services.chassis.telemetry.metrics import FOLLOWER_LAG, PARKED, WATERMARK_AGE

FETCH_WAIT_MS = 100
HOUSEKEEPING_SECONDS = 1.0
COMMIT_SECONDS = 5.0
LET_GO_SECONDS = 2.0
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 2.0
PASSES_BY_ITSELF = (KafkaError, SourceUnreachable, HeardAlready, *TRANSIENT)

_log = structlog.get_logger()


class Reactions:
    """Hears `source` as `follower`: our share of its partitions, by lease, each in order."""

    def __init__(
        self,
        log: Log,
        source: Source,
        reactions: Table,
        kafka: Kafka,
        replays: Replays,
        *,
        follower: str = "reactions",
        behind: str = "",
        lease_seconds: float = 10.0,
        watchdog: Watchdog | None = None,
    ) -> None:
        """`behind`: another follower of the source; what we react to, it has heard everything before, in all partitions."""
        self.name = f"{follower} to {source.name}"
        self._behind = behind
        self._log, self._source, self._reactions, self._kafka, self._replays = log, source, reactions, kafka, replays
        self._follower = follower
        self._lease_seconds = lease_seconds
        self._watchdog = watchdog or Watchdog(follower, source.name)
        self._pool = marks.pool(log.dsn, log.service.name, self.name)
        self._tasks = Tasks()
        self._listens: Listens | None = None
        self._leases: Leases | None = None
        self._listeners: dict[int, tuple[Listener, asyncio.Task[None]]] = {}
        self._said: Sequence[tuple[int, int, datetime, datetime | None]] = ()
        """Watermarks as we told them last."""
        self._read_until: dict[int, int] = {}
        self._denied_until: dict[int, int] = {}
        """Offsets by partition: see Listener."""

    async def start(self) -> None:
        """Returns at once: the source may start later than we do."""
        await self._pool.open(wait=True, timeout=10)
        self._tasks.start(self.name, self._run())

    async def stop(self) -> None:
        await self._tasks.stop()
        if self._leases is not None:
            await self._leases.stop()
        await self._pool.close()

    async def wait(self) -> None:
        await self._tasks.wait()

    def is_muted(self, position: int) -> bool:
        """Whether a fact is from before our first deployment: it is recorded, and nothing is requested of others because of it."""
        return self._listens is not None and position <= self._listens.muted_until

    async def _run(self) -> None:
        pause = RETRY_SECONDS_MIN
        while True:
            began = monotonic()
            try:
                opened = await self._hear(await self._know_the_source())
                await self._go_over(opened)
            except PASSES_BY_ITSELF as error:
                _log.warning("hearing_interrupted", follower=self._follower, source=self._source.name, error_type=type(error).__name__)
            pause = RETRY_SECONDS_MIN if monotonic() - began > RETRY_SECONDS_MAX else min(pause * 2, RETRY_SECONDS_MAX)
            await asyncio.sleep(pause)

    async def _know_the_source(self) -> Listens:
        async with self._pool.connection() as connection:
            listens = await epochs.load(connection, self._follower, self._source.name)
            if listens is None:
                await epochs.begin(connection, self._follower, self._source.name, await self._replays.head())
                listens = await epochs.load(connection, self._follower, self._source.name)
        assert listens is not None
        if self._listens is None or self._listens.epoch != listens.epoch or self._leases is None:
            await self._lease(listens)
        self._listens = listens
        return listens

    async def _lease(self, listens: Listens) -> None:
        if self._leases is not None:
            await self._leases.stop()
        names = [str(partition) for partition in range(listens.partitions)]
        scope = f"{self._follower} {listens.source} {listens.epoch}"
        self._leases = Leases(self._log.dsn, self._log.service.name, scope, names, lease_seconds=self._lease_seconds, let_go=self._let_go)
        await self._leases.start()

    async def _hear(self, listens: Listens) -> int:
        """Until the source opens its next epoch, which is returned."""
        try:
            await self._listen(listens)
        except EpochOpened as opened:
            self._read_until = {partition: listener.next_offset for partition, (listener, _) in self._listeners.items()}
            return opened.epoch
        finally:
            await self._end_listeners(list(self._listeners))

    async def _listen(self, listens: Listens) -> NoReturn:
        """Until something breaks: what was not heard is fetched again by the next consumer."""
        if not await topics.exist(self._kafka, [events_topic(listens.source), heads_topic(listens.source)]):
            raise SourceUnreachable("its topics do not exist yet")
        consuming = Consuming(self._kafka, listens.source, self._follower)
        try:
            await consuming.start()
            kept_at = committed_at = monotonic()
            self._watchdog.begin()
            await self._reconcile(listens)
            await self._assign(consuming, listens)
            while True:
                if await self._reconcile(listens):
                    await self._assign(consuming, listens)
                await self._fetch(consuming)
                await self._tell_watermarks(listens)
                if monotonic() - kept_at > HOUSEKEEPING_SECONDS:
                    kept_at = monotonic()
                    await self._keep_house(listens)
                if monotonic() - committed_at > COMMIT_SECONDS:
                    committed_at = monotonic()
                    await consuming.commit({partition: listener.next_offset for partition, (listener, _) in self._listeners.items()})
        finally:
            await consuming.stop()

    async def _fetch(self, consuming: Consuming) -> None:
        with_room = [partition for partition, (listener, _) in self._listeners.items() if listener.has_room]
        arrived = await consuming.fetch(with_room, FETCH_WAIT_MS)
        for partition, facts in arrived.facts.items():
            if partition in self._listeners:
                self._listeners[partition][0].offer(facts)
        for head in arrived.heads:
            if head.partition in self._listeners:
                self._listeners[head.partition][0].learn(head)
        if arrived.heads:
            self._watchdog.heard_a_head()

    async def _assign(self, consuming: Consuming, listens: Listens) -> None:
        offsets = {partition: listener.next_offset for partition, (listener, _) in self._listeners.items()}
        await consuming.assign(offsets, heads_wanted=4 * listens.partitions)

    async def _reconcile(self, listens: Listens) -> bool:
        """Listen to what we hold the lease of, and to nothing else. Whether that has changed. Raises what a listener has failed of."""
        assert self._leases is not None
        for _, task in self._listeners.values():
            if task.done() and not task.cancelled():
                task.result()
        held = {int(name) for name in self._leases.held}
        lost = [partition for partition in self._listeners if partition not in held]
        for partition in lost:
            self._listeners.pop(partition)[1].cancel()
        found = sorted(held - self._listeners.keys())
        for partition in found:
            listener = self._listener(listens, partition, self._denied_until.get(partition, 0))
            await listener.begin()
            self._listeners[partition] = (listener, asyncio.create_task(listener.run(), name=f"{self.name} {partition}"))
        return bool(lost or found)

    def _listener(self, listens: Listens, partition: int, denied_until: int = 0) -> Listener:
        at = listens.at(partition)
        applying = Applying(self._log, self._pool, at, self._source, self._reactions, listens.muted_until)
        reacted_to = frozenset(fact.DESCRIPTOR.full_name for fact in self._reactions)
        behind = Behind(self._pool, self._behind, at, reacted_to) if self._behind else None
        return Listener(self._pool, at, applying, self._replays, denied_until=denied_until, behind=behind)

    async def _let_go(self, names: Sequence[str]) -> None:
        """A worker has come: finish what is in hand of these partitions."""
        await self._end_listeners([int(name) for name in names if int(name) in self._listeners])

    async def _end_listeners(self, partitions: Sequence[int]) -> None:
        ending = [self._listeners.pop(partition) for partition in partitions]
        for listener, _ in ending:
            listener.leave()
        tasks = [task for _, task in ending]
        if tasks:
            await asyncio.wait(tasks, timeout=LET_GO_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell_watermarks(self, listens: Listens) -> None:
        """As soon as we have come further: others wait for it."""
        said = newly_said([listener for listener, _ in self._listeners.values()])
        if said != self._said:
            async with self._pool.connection() as connection:
                await marks.raise_watermarks(connection, listens.at(0), said)
            self._said = said

    async def _keep_house(self, listens: Listens) -> None:
        listeners = [listener for listener, _ in self._listeners.values()]
        async with self._pool.connection() as connection:
            for partition in await parking.partitions_to_retry(connection, self._follower, listens.source):
                if partition in self._listeners:
                    self._listeners[partition][0].ask_for_retry()
            parked = await parking.count_parked(connection, self._follower, listens.source)
        behind = sum(listener.is_behind for listener in listeners)
        labels = {"service": self._log.service.name, "follower": self._follower, "source": listens.source}
        FOLLOWER_LAG.set(behind, labels)
        PARKED.set(parked, labels)
        known = [listener.complete_through for listener in listeners if listener.complete_through is not None]
        if known and len(known) == len(listeners):
            WATERMARK_AGE.set((await self._log.now() - min(known)).total_seconds(), labels)
        self._watchdog.look(listeners)

    async def _go_over(self, epoch: int) -> None:
        """The source began a new epoch: hear the old one to its end, in all partitions, before the first fact of the new."""
        assert self._listens is not None
        assert self._leases is not None
        old, head = self._listens, await self._replays.head()
        if head.epoch < epoch:
            _log.error("epoch_was_never_opened", follower=self._follower, source=old.source, epoch=epoch)
            self._denied_until.update(self._read_until)
            return
        self._denied_until.clear()
        after = await epochs.starts_after(self._replays, epoch, head)
        while True:
            for partition in sorted(int(name) for name in self._leases.held):
                listener = self._listener(old, partition)
                await listener.begin()
                await listener.hear_all(through=after)
            async with self._pool.connection() as connection:
                if await epochs.heard_through(connection, old, after):
                    await epochs.open_epoch(connection, old, epoch, after, head.partitions)
                    return
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
