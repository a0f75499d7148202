"""Listening: one partition of one source, heard in order, gaps filled from the source, nothing twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice, takewhile
from time import monotonic

import structlog

from services.chassis.follower import marks, parking
from services.chassis.follower.applying import TRANSIENT, Applying, Pool
from services.chassis.follower.behind import LOOK_AGAIN_AFTER_SECONDS, Behind
from services.chassis.follower.heads import HeadHeard
from services.chassis.follower.hearing import hear
from services.chassis.follower.marks import At
from services.chassis.follower.meters import GAPS, HEARD
from services.chassis.follower.record import Received
from services.chassis.follower.replays import Replays, SourceUnreachable
from services.chassis.log.origins import HeardUpTo
from services.chassis.log.units import HeardAlready

QUEUE_FACTS_MAX = 1_000
BATCH_FACTS_MAX = 500
REPLAY_FACTS_MAX = 1_000
BEHIND_A_HEAD_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.5
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.1, 5.0
HEADS_REMEMBERED_MAX = 120

_log = structlog.get_logger()


class EpochOpened(Exception):
    """The source has begun a new epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        super().__init__(f"epoch {epoch}")


class SourceHasLess(Exception):
    """Kafka shows a fact that the source's log does not have: the source was restored, or the topic is not its own."""


class Listener:
    """Hears one partition for as long as we hold its lease."""

    def __init__(
        self, pool: Pool, at: At, applying: Applying, replays: Replays, *, denied_until: int = 0, behind: Behind | None = None
    ) -> None:
        """`denied_until`: below this offset the source has denied to have opened a later epoch; records that say so are not its own.

        `behind`: says which facts may be heard yet; None: all.
        """
        self._behind = behind
        self._pool, self.at, self._applying, self._replays = pool, at, applying, replays
        self._denied_until = denied_until
        self._queue: deque[Received] = deque()
        self._is_news = asyncio.Event()
        self._heads: deque[HeadHeard] = deque(maxlen=HEADS_REMEMBERED_MAX)
        self._heard_of_at = 0.0
        self._is_retry_asked = True  # types learnt since the last build
        self._is_leaving = False
        self._later_epoch = 0
        self.next_offset = 0
        """Where Kafka is to be read on from."""
        self.head_position = 0
        self.head_through: datetime | None = None
        self.complete_through: datetime | None = None
        """Everything in this partition recorded up to this instant has been heard."""
        self.trouble = ""
        """Type of the error that we wait out; empty when all is well."""
        self.is_waiting = False
        """What is next to hear, another follower must have heard first."""
        self.progressed_at = float("-inf")
        """Being made is no progress: the watchdog would take each new consumer for one that has helped."""

    @property
    def position(self) -> int:
        return self._applying.position

    @property
    def has_room(self) -> bool:
        return len(self._queue) < QUEUE_FACTS_MAX

    @property
    def is_behind(self) -> bool:
        return bool(self._queue) or self.head_position > self.position

    async def begin(self) -> None:
        """Look up how far we are."""
        await self._look_up()
        self.next_offset = self._applying.offset_hint

    def offer(self, facts: Sequence[Received]) -> None:
        self._queue.extend(fact for fact in facts if fact.epoch <= self.at.epoch or fact.next_offset > self._denied_until)
        self.next_offset = facts[-1].next_offset
        self._heard_of_at = monotonic()
        self._is_news.set()

    def learn(self, head: HeadHeard) -> None:
        """What the source says of itself; lower heads are those of a relay that came back late."""
        if head.epoch > self.at.epoch:
            self._later_epoch = head.epoch
        if head.epoch != self.at.epoch or (self._heads and head.position < self._heads[-1].position):
            return
        if head.partition_position > self.head_position:
            self.head_position, self._heard_of_at = head.partition_position, monotonic()
        self.head_through = max(self.head_through or head.complete_through, head.complete_through)
        self._heads.append(head)
        self._reach_heads()

    def ask_for_retry(self) -> None:
        self._is_retry_asked = True
        self._is_news.set()

    async def run(self) -> None:
        """Until `leave` or an end by EpochOpened. What passes by itself is waited out here."""
        while not self._is_leaving:
            await self._patiently(self._step)

    def leave(self) -> None:
        """Finish what is in hand."""
        self._is_leaving = True
        self._is_news.set()

    async def hear_all(self, through: int) -> None:
        """The end of our epoch: fetch what is left up to where the next one starts, and say so in our position."""
        while facts := [fact for fact in await self._replayed() if fact.position <= through and fact.epoch <= self.at.epoch]:
            if not await self._apply(facts):
                await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)
        to = HeardUpTo(self.at.follower, self.at.source, self.at.epoch, self.at.partition, self.position, through)
        if self.position < through:
            async with self._pool.connection() as connection:
                await parking.pass_over(connection, to)

    async def _step(self) -> None:
        if self._is_retry_asked:
            await self._applying.retry()
            self._is_retry_asked = False
        if self._queue:
            await self._hear(list(islice(self._queue, BATCH_FACTS_MAX)))
        elif self._later_epoch:
            raise EpochOpened(self._later_epoch)
        elif self.head_position > self.position and monotonic() - self._heard_of_at > BEHIND_A_HEAD_SECONDS:
            await self._fill(self.head_position)
        else:
            self._is_news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_news.wait(), LOOK_EVERY_SECONDS)

    async def _hear(self, facts: Sequence[Received]) -> None:
        """The queue loses a fact only when it is heard: whatever happens in between, it is judged again."""
        if facts[0].epoch > self.at.epoch:
            raise EpochOpened(facts[0].epoch)
        until_later = takewhile(lambda fact: fact.epoch <= self.at.epoch, facts)
        hearing = hear(self.position, [fact for fact in until_later if fact.epoch == self.at.epoch])
        is_all_heard = await self._apply(hearing.facts)
        if hearing.dropped:
            HEARD.add(hearing.dropped, {"follower": self.at.follower, "source": self.at.source, "outcome": "dropped"})
        if is_all_heard and hearing.rest:
            await self._fill(hearing.rest[0].previous)
            return
        while self._queue and (self._queue[0].epoch < self.at.epoch or self._queue[0].position <= self.position):
            self._queue.popleft()
        if not is_all_heard:
            await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)

    async def _fill(self, up_to: int) -> None:
        """Fetch from the source what Kafka did not bring."""
        GAPS.add(1, {"follower": self.at.follower, "source": self.at.source})
        _log.info("gap", **self._where(), from_position=self.position, to_position=up_to)
        while self.position < up_to:
            facts = [fact for fact in await self._replayed() if fact.epoch == self.at.epoch and fact.position <= up_to]
            if not facts:
                raise SourceHasLess
            if not await self._apply(facts):
                return

    async def _replayed(self) -> Sequence[Received]:
        return await self._replays.replay(self.at.partition, self.position, REPLAY_FACTS_MAX)

    async def _apply(self, facts: Sequence[Received]) -> bool:
        """Whether all of them; those that must wait for another follower are left, with all behind them."""
        ready = facts if self._behind is None else await self._behind.ready(facts)
        for first in range(0, len(ready), BATCH_FACTS_MAX):
            await self._applying.apply(ready[first : first + BATCH_FACTS_MAX])
            self.progressed_at = monotonic()
        self._reach_heads()
        self.is_waiting = len(ready) < len(facts)
        return not self.is_waiting

    def _reach_heads(self) -> None:
        while self._heads and self._heads[0].partition_position <= self.position:
            self.complete_through = self._heads.popleft().complete_through

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        pause = RETRY_SECONDS_MIN
        while not self._is_leaving:
            try:
                await work()
            except HeardAlready:
                self.trouble = "HeardAlready"
            except (SourceUnreachable, SourceHasLess, *TRANSIENT) as error:
                if self.trouble != type(error).__name__:
                    self.trouble = type(error).__name__
                    _log.warning("listener_waits", **self._where(), error_type=self.trouble, exc_info=error)
            else:
                self.trouble = ""
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS_MAX)
            try:
                await self._look_up()
            except TRANSIENT as error:
                self.trouble = type(error).__name__

    async def _look_up(self) -> None:
        async with self._pool.connection() as connection:
            self._applying.position, self._applying.offset_hint = await marks.position(connection, self.at)
            self._applying.hold_back(await parking.parked_keys(connection, self.at))

    def _where(self) -> dict[str, object]:
        return {"follower": self.at.follower, "source": self.at.source, "partition": self.at.partition, "epoch": self.at.epoch}


def newly_said(listeners: Iterable[Listener]) -> list[tuple[int, int, datetime, datetime | None]]:
    """Rows of (partition, head position, head's instant, complete through) of those who have heard a head."""
    return [
        (listener.at.partition, listener.head_position, listener.head_through, listener.complete_through)
        for listener in listeners
        if listener.head_through is not None
    ]
