"""Strategies: a tenant's versioned graphs, of which one is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.strategy.domain.findings import Finding, StrategyIsUnsound
from services.strategy.domain.graph import Graph, Read
from services.strategy.domain.segments import SegmentTables

DOCUMENT_BYTES_MAX = 60_000
STRATEGY_VERSIONS_MAX = 500

Judge = Callable[[bytes, SegmentTables], tuple[Graph | None, Sequence[Finding]]]
"""Port: the graph of a document, None where it cannot be read, and everything that is wrong with it."""


class Migration(Enum):
    """What becomes of the cases that are under way when another version takes over."""

    FINISH_STEP = "FINISH_STEP"
    RESTART = "RESTART"
    JUMP = "JUMP"


@dataclass(frozen=True, slots=True)
class Jump:
    """From a step of the former version to one of the new."""

    from_step: str
    to_step: str


# What happened ---------------------------------------------------------------


class StrategyPublished(Fact):
    version: int
    name: str
    document: bytes
    document_hash: bytes

    def apply(self, strategies: Strategies) -> None:
        strategies.by_version[self.version] = Strategy(self.version, self.name, self.document, self.document_hash)


class StrategyActivated(Fact):
    version: int
    from_: int
    migration: Migration
    jumps: tuple[Jump, ...]
    reason_code: str

    def apply(self, strategies: Strategies) -> None:
        strategies.active_version = self.version
        strategies.migration = self.migration
        strategies.jumps = {jump.from_step: jump.to_step for jump in self.jumps}


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Strategy:
    """One version, exactly as published. Never changed: decisions are explained by it for ever."""

    version: int
    name: str
    document: bytes
    document_hash: bytes


class Strategies(Stream):
    def __init__(self) -> None:
        self.by_version: dict[int, Strategy] = {}
        self.active_version = 0
        self.migration = Migration.FINISH_STEP
        self.jumps: dict[str, str] = {}

    @property
    def latest_version(self) -> int:
        return len(self.by_version)

    @property
    def active(self) -> Strategy | None:
        """The one in force; None until one has been activated."""
        return self.by_version.get(self.active_version)

    def version_of(self, document: bytes) -> int:
        """The version that holds exactly these bytes; 0 where none does."""
        document_hash = hash_of(document)
        return next((known.version for known in self.by_version.values() if known.document_hash == document_hash), 0)

    def known(self, version: int) -> Strategy:
        if version not in self.by_version:
            raise StrategyIsUnknown(version=version, latest_version=self.latest_version)
        return self.by_version[version]


def stream_of(tenant_id: str) -> UUID:
    """The stream of the tenant's strategies."""
    return ids.derived("strategies", tenant_id)


def hash_of(document: bytes) -> bytes:
    """SHA-256 of the published bytes."""
    return hashlib.sha256(document).digest()


# What may be decided ---------------------------------------------------------


class StrategyIsUnknown(IsUnknown):
    """There is no such version of the tenant's strategy."""


class TooManyStrategies(Refusal):
    """The tenant has published as many versions of its strategy as it may."""


def publish(strategies: Strategies, tables: SegmentTables, document: bytes, judge: Judge) -> None:
    """Store the graph as the next version, not yet in force. The same bytes again: told once. StrategyIsUnsound with all findings."""
    if strategies.version_of(document):
        return
    if len(document) > DOCUMENT_BYTES_MAX:
        raise IsInvalid("document", f"must not exceed {DOCUMENT_BYTES_MAX} bytes")
    graph, findings = judge(document, tables)
    if graph is None or findings:
        raise StrategyIsUnsound(findings)
    if strategies.latest_version >= STRATEGY_VERSIONS_MAX:
        raise TooManyStrategies(versions_max=STRATEGY_VERSIONS_MAX)
    version = strategies.latest_version + 1
    strategies.tell(
        StrategyPublished(**strategies.next(), version=version, name=graph.name, document=document, document_hash=hash_of(document))
    )


def activate(strategies: Strategies, version: int, migration: Migration, jumps: Sequence[Jump], reason_code: str, read: Read) -> None:
    """From now on cases are treated by this version. Active already: told once."""
    new = strategies.known(version)
    if version == strategies.active_version:
        return
    _check_jumps(strategies, read(new.document), migration, jumps, read)
    strategies.tell(
        StrategyActivated(
            **strategies.next(),
            version=version,
            from_=strategies.active_version,
            migration=migration,
            jumps=tuple(jumps),
            reason_code=reason_code,
        )
    )


def _check_jumps(strategies: Strategies, new: Graph, migration: Migration, jumps: Sequence[Jump], read: Read) -> None:
    """Every step of the version in force leads somewhere: to the step named for it, or to its namesake."""
    if migration is not Migration.JUMP:
        if jumps:
            raise IsInvalid("jumps", "are for the migration JUMP only")
        return
    named = {jump.from_step for jump in jumps}
    if len(named) != len(jumps):
        raise IsInvalid("jumps", "name a step twice")
    for place, jump in enumerate(jumps):
        if jump.to_step not in new.steps:
            raise IsInvalid(f"jumps[{place}].to_step", f"{jump.to_step!r} is no step of version to be activated")
    if (active := strategies.active) is not None:
        left = sorted(read(active.document).steps.keys() - named - new.steps.keys())
        if left:
            raise IsInvalid("jumps", f"say nothing of {', '.join(left)}")
