"""Judges a finished run: gathers what is left of it and holds it against each invariant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from proof.checker.acknowledged import acknowledged
from proof.checker.canaries import Search, search_answers, search_files, search_records, search_tables
from proof.checker.caps import caps
from proof.checker.chains import chains
from proof.checker.contract import topic_of
from proof.checker.doors import Doors, Tokens
from proof.checker.evidence import Evidence
from proof.checker.findings import STATEMENTS, Finding, Looked, Verdict, not_judged
from proof.checker.folded import folded
from proof.checker.followed import followed
from proof.checker.fresh import fresh
from proof.checker.money import money
from proof.checker.origins import origins
from proof.checker.published import Published
from proof.checker.quiet import wait_until_quiet
from proof.checker.repeats import repeats
from proof.checker.stored import Stored, load
from proof.checker.tenants import asked_apart, kept_apart, tables_kept_apart
from proof.checker.topics import Topics
from proof.checker.views import rebuilt
from proof.history import attempts

__all__ = ["Finding", "Verdict", "Where", "judge"]


@dataclass(frozen=True, slots=True)
class Where:
    """Where the evidence is. What is not given is not judged, and the finding says so."""

    postgres: str
    """DSN of a superuser: one database, one schema for each service."""
    kafka: str = ""
    """Bootstrap address of the broker."""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """Service -> host:port of its gRPC."""
    token: str = ""
    """A token (a JWT: it says whose it is) with the roles operator, supervisor, auditor: opens the operations, and its tenant's cases."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Tenant -> such a token."""
    token_for: Callable[[str], str] | None = None
    """Makes such a token for any tenant."""
    history: tuple[Path, ...] = ()
    """Files of proof.history."""
    canaries: tuple[str, ...] = ()
    """Texts of personal data that the load put in and that must be found nowhere."""
    tenant_canaries: Mapping[str, str] = field(default_factory=dict)
    """Tenant -> a text that the load put into events of this tenant only."""
    outputs: tuple[Path, ...] = ()
    """Files and folders of what the services put out: logs, traces, dumps of metrics."""
    services: tuple[str, ...] = ("cases", "strategy")
    quiet_within_seconds: float = 60.0
    looks_apart_seconds: float = 2.0
    """Between the two looks that must see the same quiet."""
    only: frozenset[str] = frozenset(STATEMENTS)
    cases_asked_max: int = 500
    """I8 asks for at most so many cases, and as many treatments, spread evenly over all of them."""
    rebuilds_views: bool = True
    """I7 has the views rebuilt. False where the run goes on: then I7 is not judged."""
    planted: frozenset[tuple[str, int, int]] = frozenset()
    """(topic, partition, offset) of records that the run itself put on a topic beside the relay's."""
    begun_again: frozenset[str] = frozenset()
    """Topics that were deleted and created again during the run. Where their relay begins again, order is judged from there."""
    may_be_parked: frozenset[str] = frozenset()
    """Ids of streams (a UUID's text) whose facts may still wait at the end."""


async def judge(evidence: Where) -> Verdict:
    """Waits until all is quiet (I15), then judges. What it finds is in the verdict; it raises where evidence cannot be read at all."""
    return await _Judging(evidence).judge()


OWNERS = {"I9": "payments", "I11": "contacts"}
"""Invariants of one service's facts."""


class _Judging:
    def __init__(self, where: Where) -> None:
        # Where a service is not there, what it owns cannot be lost.
        self._where = replace(where, only=where.only - {name for name, owner in OWNERS.items() if owner not in where.services})
        self._tokens = Tokens(where.token, where.tokens, where.token_for)
        self._findings: dict[str, Finding] = {}

    async def judge(self) -> Verdict:
        where, began = self._where, monotonic()
        unknown = where.only - STATEMENTS.keys()
        if unknown:
            raise ValueError(f"no such invariant: {', '.join(sorted(unknown))}")
        quiet = None
        if "I15" in where.only:
            finding, quiet = await wait_until_quiet(where.postgres, where.services, where.quiet_within_seconds, where.looks_apart_seconds)
            self._add(finding)
        evidence = await asyncio.to_thread(self._gather)
        self._tokens.learn(sorted({tenant for one in evidence.stored.values() for _, tenant, _ in one.streams.values()}))
        await asyncio.to_thread(self._judge_stored, evidence)
        await self._judge_topics(evidence.stored)
        async with AsyncExitStack() as stack:
            doors = await stack.enter_async_context(Doors(where.endpoints))
            await self._judge_tenants(evidence, doors)
            if "I8" in where.only:
                self._add(await folded(evidence.stored, doors, self._tokens, where.cases_asked_max))
            if "I7" in where.only:
                self._add(await self._rebuilt(doors))
        findings = [self._findings[name] for name in STATEMENTS if name in where.only]
        return Verdict(findings, monotonic() - began, quiet)

    def _add(self, *findings: Finding) -> None:
        self._findings |= {finding.invariant: finding for finding in findings}

    def _wanted(self, *invariants: str) -> bool:
        return not self._where.only.isdisjoint(invariants)

    # What is stored ------------------------------------------------------------------------------------------------------

    def _gather(self) -> Evidence:
        where = self._where
        needed = not self._where.only <= {"I14", "I15", "I18"}
        stored = load(where.postgres, where.services) if needed else {}
        return Evidence(stored, list(attempts(where.history)) if where.history else None)

    def _judge_stored(self, evidence: Evidence) -> None:
        judges: dict[str, Callable[[], Finding]] = {
            "I1": lambda: acknowledged(evidence),
            "I2": lambda: origins(evidence),
            "I3": lambda: repeats(evidence),
            "I6": lambda: followed(evidence.stored, self._where.may_be_parked),
            "I9": lambda: money(evidence),
            "I11": lambda: caps(evidence),
            "I12": lambda: chains(evidence),
            "I14": lambda: fresh(evidence),
        }
        self._add(*(judging() for name, judging in judges.items() if name in self._where.only))
        if "I18" in self._where.only:
            self._search(evidence)

    # I4, I5, and I18 where it looks at topics ----------------------------------------------------------------------------

    async def _judge_topics(self, stored: Mapping[str, Stored]) -> None:
        where = self._where
        searched = self._wanted("I18") and bool(where.canaries)
        if not where.kafka or not (self._wanted("I4", "I5") or searched):
            self._add(*not_judged({"I4", "I5"} & where.only, "no broker"))
            self._end_search("no broker" if not where.kafka else "")
            return
        same, ordered, search = Looked("I4"), Looked("I5"), Search(where.canaries)
        names = [topic_of(service, what) for service in where.services for what in ("events", "heads")]
        async with Topics(where.kafka, names) as topics:
            reading = {
                topic_of(service): Published(
                    one,
                    topics.begins_at(topic_of(service)),
                    same,
                    ordered,
                    self._planted(topic_of(service)),
                    has_begun_again=topic_of(service) in where.begun_again,
                )
                for service, one in stored.items()
            }
            async for topic, partition, records in topics.read():
                if topic in reading:
                    reading[topic].take(partition, records)
                if searched:
                    search_records(topic, partition, records, search, self._searched)
                await asyncio.sleep(0)
        cut = "; ".join(filter(None, [one.end() for one in reading.values()]))
        self._add(*(one.finding(reason=cut) for name, one in (("I4", same), ("I5", ordered)) if name in where.only))
        self._end_search("")

    def _planted(self, topic: str) -> frozenset[tuple[int, int]]:
        return frozenset((partition, offset) for of, partition, offset in self._where.planted if of == topic)

    # I7, I17 -------------------------------------------------------------------------------------------------------------

    async def _rebuilt(self, doors: Doors) -> Finding:
        where = self._where
        if not where.rebuilds_views:
            return not_judged(["I7"], "nobody asked for a rebuild")[0]
        return await rebuilt(where.postgres, where.services, doors, self._tokens, where.quiet_within_seconds)

    async def _judge_tenants(self, evidence: Evidence, doors: Doors) -> None:
        where = self._where
        if "I17" not in where.only:
            return
        looked = Looked("I17")
        await asyncio.to_thread(kept_apart, evidence, where.tenant_canaries, looked)
        await asyncio.to_thread(tables_kept_apart, where.postgres, where.services, where.tenant_canaries, looked)
        asked = await asked_apart(evidence.stored, doors, self._tokens, looked) if where.endpoints else "nobody asked"
        told = "no history: what callers were told was not looked at" if evidence.attempts is None else ""
        self._add(looked.finding(missing=told, reason=asked))

    # I18 -----------------------------------------------------------------------------------------------------------------

    def _search(self, evidence: Evidence) -> None:
        where = self._where
        self._searched = Looked("I18")
        if not where.canaries:
            return
        search = Search(where.canaries)
        search_tables(where.postgres, where.services, search, self._searched)
        search_files((*where.outputs, *where.history), search, self._searched)
        search_answers(evidence.attempts or (), search, self._searched)

    def _end_search(self, no_topics: str) -> None:
        where = self._where
        if "I18" not in where.only:
            return
        missing: Iterable[str] = (
            "no canaries" if not where.canaries else "",
            "no outputs of the services" if not where.outputs else "",
            "no history: what callers were told was not searched" if not where.history else "",
            no_topics,
        )
        self._add(self._searched.finding("; ".join(filter(None, missing))))
