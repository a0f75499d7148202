"""Applying: heard facts become units of ours. A run of them and the position are one transaction; what cannot be applied is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from services.chassis.follower import parking
from services.chassis.follower.marks import At
from services.chassis.follower.meters import HEARD
from services.chassis.follower.parking import DONE, WAITING, Parking, Refused
from services.chassis.follower.record import Received
from services.chassis.follower.source import Source, heard, origin_of
from services.chassis.heard import Looking, Reactions
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.chassis.log.units import HeardAlready, LogIsBusy, OutcomeUnknown
from services.chassis.telemetry import tracing
from services.kernel.facts import Change, Stream
from services.kernel.refusal import Refusal

TRANSIENT = (LogIsBusy, OutcomeUnknown, *STORE_IS_AWAY)
"""What passes by itself: the same facts are heard again from the position."""

Decisions = Sequence[Change[Any]]
S = TypeVar("S", bound=Stream)
Pool = AsyncConnectionPool[AsyncConnection[Any]]

_log = structlog.get_logger()


class Applying:
    """Applies the facts of one partition, in order. One caller at a time."""

    def __init__(self, log: Log, pool: Pool, at: At, source: Source, reactions: Reactions, muted_until: int = 0) -> None:
        """`muted_until`: position of the source up to which its facts are history to us."""
        self._log, self._pool, self._at, self._source = log, pool, at, source
        self._muted_until = muted_until
        self._reactions = {fact.DESCRIPTOR.full_name: reaction for fact, reaction in reactions.items()}
        self._parked_keys: set[UUID] = set()
        self.position = 0
        """Heard up to here, effects stored."""
        self.offset_hint = 0

    async def apply(self, facts: Sequence[Received]) -> None:
        """Afterwards `position` is that of the last fact. HeardAlready: somebody else follows too. TRANSIENT: try again from `position`."""
        run: list[tuple[Received, Decisions]] = []
        aside: list[Parking] = []
        for fact in facts:
            if isinstance(self._reactions.get(fact.type_name), Looking):
                # It looks at what the facts before it have left.
                await self._store(run)
                run = []
            found = await self._decide(fact)
            if isinstance(found, Parking):
                await self._store(run)
                run = []
                aside.append(found)
                if not found.is_unheard:
                    self._parked_keys.add(fact.key)  # for the very next fact; where storing it fails, `hold_back` says what is so
            elif isinstance(found, Refused):
                await self._store(run)
                run = []
                await self._pass_over(aside)
                aside = []
                await self._pass_over_refused(found)
            else:
                await self._pass_over(aside)
                aside = []
                run.append((fact, found))
        await self._store(run)
        await self._pass_over(aside)

    def hold_back(self, keys: set[UUID]) -> None:
        """Facts of these keys wait from now on."""
        self._parked_keys = keys

    async def retry(self) -> None:
        """Hear parked facts again that were flagged, or whose type this build has learnt."""
        async with self._pool.connection() as connection:
            facts = await parking.to_retry(connection, self._at, self._source.known_types)
        failed: set[UUID] = set()
        for fact in facts:
            if fact.key not in failed and not await self._retry_one(fact):
                failed.add(fact.key)
        if facts:
            async with self._pool.connection() as connection:
                self.hold_back(await parking.parked_keys(connection, self._at))

    async def _decide(self, fact: Received) -> Decisions | Parking | Refused:
        if fact.type_name not in self._source.known_types:
            return Parking(fact, "UnknownType", is_unheard=True)
        if fact.key in self._parked_keys:
            return Parking(fact, "")
        reaction = self._reactions.get(fact.type_name)
        if reaction is None:
            return ()
        try:
            told = heard(self._source, fact)
            if told.position <= self._muted_until:
                told = replace(told, is_history=True)
            if not isinstance(reaction, Looking):
                return tuple(reaction(told))
            return tuple(await reaction.react(told, partial(self._look, told.tenant_id)))
        except Refusal as refusal:
            return Refused(fact, refusal.reason)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a reaction trips over is set aside with its name, and told
            return self._poison(fact, error)

    async def _look(self, tenant_id: str, stream: type[S], stream_id: UUID) -> S:
        return await self._log.load(stream, stream_id, tenant_id)

    async def _store(self, run: Sequence[tuple[Received, Decisions]]) -> None:
        """One unit for the whole run. Where that fails, halve it until the fact that is to blame stands alone."""
        if not run:
            return
        try:
            await self._run_heard(self._up_to(run[-1][0]), run)
        except (HeardAlready, *TRANSIENT):
            raise
        except Exception as error:  # noqa: BLE001 - whoever is to blame is found, and set aside with the error's name
            if len(run) > 1:
                half = len(run) // 2
                await self._store(run[:half])
                await self.apply([fact for fact, _ in run[half:]])
            elif isinstance(error, Refusal):
                await self._refuse(run[0], error)
            else:
                await self._pass_over([self._poison(run[0][0], error)])
            return
        self._moved(run[-1][0])
        with_effect = sum(bool(decisions) for _, decisions in run)
        self._count("applied", with_effect)
        self._count("passed", len(run) - with_effect)

    async def _refuse(self, only: tuple[Received, Decisions], refusal: Refusal) -> None:
        """An outcome, once it was decided on what is stored now: our memory of a stream may be older than another process's writing."""
        fact, decisions = only
        await self._catch_up(fact, decisions)
        found = await self._decide(fact) if isinstance(self._reactions.get(fact.type_name), Looking) else decisions
        if isinstance(found, Parking):
            return await self._pass_over([found])
        if isinstance(found, Refused):
            return await self._pass_over_refused(found)
        try:
            await self._run_heard(self._up_to(fact), [(fact, found)])
        except Refusal:
            await self._pass_over_refused(Refused(fact, refusal.reason))
        except (HeardAlready, *TRANSIENT):
            raise
        except Exception as error:  # noqa: BLE001 - as in _store
            await self._pass_over([self._poison(fact, error)])
        else:
            self._moved(fact)
            self._count("applied", 1)

    async def _catch_up(self, fact: Received, decisions: Decisions) -> None:
        tenant_id = heard(self._source, fact).tenant_id
        for change in decisions:
            for kind, stream_id in ((change.stream, change.id), *change.given):
                await self._log.load(kind, stream_id, tenant_id)

    async def _run_heard(self, to: HeardUpTo, run: Sequence[tuple[Received, Decisions]]) -> None:
        decided: list[tuple[HeardFact, Decisions]] = []
        with ExitStack() as spans:
            for fact, decisions in run:
                if not decisions:
                    continue
                origin = origin_of(self._at.follower, heard(self._source, fact), fact.traceparent)
                if fact.traceparent:
                    spans.enter_context(
                        tracing.span("hear", fact.traceparent, source=self._source.name, type_name=fact.type_name, follower=to.follower)
                    )
                    origin = replace(origin, traceparent=tracing.current_traceparent() or fact.traceparent)
                decided.append((origin, decisions))
            if decided:
                await self._log.run_heard(to, decided)
                return
        async with self._pool.connection() as connection:
            await parking.pass_over(connection, to)

    async def _pass_over(self, aside: Sequence[Parking]) -> None:
        if not aside:
            return
        async with self._pool.connection() as connection:
            await parking.pass_over(connection, self._up_to(aside[-1].fact), aside)
        self._moved(aside[-1].fact)
        self._parked_keys.update(parked.fact.key for parked in aside if not parked.is_unheard)
        unheard = sum(parked.is_unheard for parked in aside)
        self._count("unheard", unheard)
        self._count("parked", len(aside) - unheard)

    async def _pass_over_refused(self, refused: Refused) -> None:
        fact = refused.fact
        async with self._pool.connection() as connection:
            await parking.pass_over(connection, self._up_to(fact), refused=[refused])
        self._moved(fact)
        self._count("refused", 1)
        _log.info("heard_fact_refused", **self._where(fact), reason=refused.reason)

    async def _retry_one(self, fact: Received) -> bool:
        """Its effects move its token; a token that has moved says that they are stored already."""
        mark = parking.token(self._at, fact.position)
        to = HeardUpTo(mark.follower, mark.source, mark.epoch, mark.partition, WAITING, DONE)
        reason = ""
        refused: Refused | None = None
        try:
            self._parked_keys.discard(fact.key)
            found = await self._decide(fact)
            if isinstance(found, Parking):
                reason = found.reason
            elif isinstance(found, Refused):
                _log.info("heard_fact_refused", **self._where(fact), reason=found.reason)
                refused = found
            else:
                await self._run_heard(to, [(fact, found)])
        except HeardAlready:
            _log.info("parked_fact_was_heard", **self._where(fact))
        except Refusal as refusal:
            _log.info("heard_fact_refused", **self._where(fact), reason=refusal.reason)
            refused = Refused(fact, refusal.reason)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - it stays parked, with the reason
            reason = self._poison(fact, error).reason
        async with self._pool.connection() as connection:
            if reason:
                await parking.failed_again(connection, self._at, fact, reason)
                return False
            await parking.unpark(connection, self._at, fact.position, refused)
        return True

    def _poison(self, fact: Received, error: Exception) -> Parking:
        code = getattr(error, "code", None) or getattr(error, "sqlstate", None)
        reason = f"{type(error).__name__} {code}" if code else type(error).__name__
        _log.error("heard_fact_parked", **self._where(fact), error_type=type(error).__name__, exc_info=error)
        return Parking(fact, reason)

    def _up_to(self, fact: Received) -> HeardUpTo:
        at = self._at
        hint = fact.next_offset or self.offset_hint
        return HeardUpTo(at.follower, at.source, at.epoch, at.partition, self.position, fact.position, hint)

    def _moved(self, last: Received) -> None:
        self.position = last.position
        self.offset_hint = last.next_offset or self.offset_hint

    def _where(self, fact: Received) -> dict[str, Any]:
        return {
            "follower": self._at.follower,
            "source": self._at.source,
            "partition": self._at.partition,
            "position": fact.position,
            "key": str(fact.key),
            "type_name": fact.type_name,
        }

    def _count(self, outcome: str, number: int) -> None:
        if number:
            HEARD.add(number, {"follower": self._at.follower, "source": self._at.source, "outcome": outcome})
