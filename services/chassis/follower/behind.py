"""Behind: a follower that hears a fact only when another one has heard, in every partition, everything recorded before it.

Partitions are heard each at its own pace. Whoever concludes something from what is missing ("nothing more will come") must not hear that
it is all there before it was all heard: such facts are heard by a follower of their own, which stays behind the one that hears the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from psycopg.rows import class_row

from services.chassis.follower.applying import Pool
from services.chassis.follower.marks import At
from services.chassis.follower.record import Received

LOOK_AGAIN_AFTER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the other one is: everything recorded through that instant is heard, but for facts that were set aside from a position on."""

    has_gone_over: bool
    """It hears a later epoch than we do, so all of ours."""
    complete_through: datetime | None
    parked_from: int | None

    def is_past(self, fact: Received) -> bool:
        if self.parked_from is not None and fact.position > self.parked_from:
            return False
        return self.has_gone_over or (self.complete_through is not None and fact.recorded_at <= self.complete_through)


class Behind:
    """Tells one listener which of its facts the other follower has left behind in all partitions."""

    def __init__(self, pool: Pool, other: str, at: At, reacted_to: frozenset[str]) -> None:
        """`reacted_to`: full names of the facts that wait. What nobody reacts to passes at once."""
        self._pool, self._other, self._at, self._reacted_to = pool, other, at, reacted_to
        self._reached = Reached(has_gone_over=False, complete_through=None, parked_from=None)
        self._looked_at = float("-inf")

    async def ready(self, facts: Sequence[Received]) -> Sequence[Received]:
        """The first of these facts that may be heard by now, as far as none that must wait stands before them."""
        for place, fact in enumerate(facts):
            if fact.type_name in self._reacted_to and not await self._is_past(fact):
                return facts[:place]
        return facts

    async def _is_past(self, fact: Received) -> bool:
        # What it has heard it has heard; what it has set aside may be heard meanwhile: look again where that stands in the way.
        if not self._reached.is_past(fact) and monotonic() - self._looked_at >= LOOK_AGAIN_AFTER_SECONDS:
            await self._look()
        return self._reached.is_past(fact)

    async def _look(self) -> None:
        self._looked_at = monotonic()
        asked = {"follower": self._other, "source": self._at.source, "epoch": self._at.epoch}
        async with self._pool.connection() as connection, connection.cursor(row_factory=class_row(Reached)) as cursor:
            await cursor.execute(_REACHED, asked)
            found = await cursor.fetchone()
        if found is not None:
            self._reached = found


_REACHED = """
SELECT l.epoch > %(epoch)s AS has_gone_over,
       (SELECT CASE WHEN count(w.complete_through) = l.partitions THEN min(w.complete_through) END FROM watermarks w
        WHERE (w.follower, w.source, w.epoch) = (l.follower, l.source, %(epoch)s)) AS complete_through,
       (SELECT min(CASE WHEN p.epoch < %(epoch)s THEN 0 ELSE p.position END) FROM parked p
        WHERE (p.follower, p.source) = (l.follower, l.source) AND p.epoch <= %(epoch)s) AS parked_from
FROM listens l WHERE (l.follower, l.source) = (%(follower)s, %(source)s)
"""
