"""Segment tables: a tenant's versioned decision tables, of which one is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

TABLE_BYTES_MAX = 60_000
TABLE_VERSIONS_MAX = 500

CheckTable = Callable[[bytes], None]
"""Port: raises IsInvalid naming row and column where the table could fail or leave a case without a segment."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a table sees of a case."""

    bucket: str
    balance: Money
    client_id: UUID


@dataclass(frozen=True, slots=True)
class Match:
    """What a table says of it: the first row that matched, and why, in a person's words."""

    segment: str
    row_id: str
    reason: str


Evaluate = Callable[[bytes, Inputs], Match]
"""Port: a pure function. The same table over the same inputs gives the same answer, in six months too."""

# What happened ---------------------------------------------------------------


class SegmentTablePublished(Fact):
    version: int
    table: bytes
    table_hash: bytes
    name: str

    def apply(self, tables: SegmentTables) -> None:
        tables.by_version[self.version] = SegmentTable(self.version, self.table, self.table_hash, self.name)


class SegmentTableActivated(Fact):
    version: int
    from_: int

    def apply(self, tables: SegmentTables) -> None:
        tables.active_version = self.version


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """One version, exactly as published. Never changed: a case's segment is explained by it for ever."""

    version: int
    table: bytes
    table_hash: bytes
    name: str


class SegmentTables(Stream):
    def __init__(self) -> None:
        self.by_version: dict[int, SegmentTable] = {}
        self.active_version = 0

    @property
    def latest_version(self) -> int:
        return len(self.by_version)

    @property
    def active(self) -> SegmentTable | None:
        """The table in force; None until one has been activated."""
        return self.by_version.get(self.active_version)

    def version_of(self, table: bytes) -> int:
        """The version that holds exactly these bytes; 0 where none does."""
        table_hash = hash_of(table)
        return next((known.version for known in self.by_version.values() if known.table_hash == table_hash), 0)

    def known(self, version: int) -> SegmentTable:
        if version not in self.by_version:
            raise SegmentTableIsUnknown(version=version, latest_version=self.latest_version)
        return self.by_version[version]


def stream_of(tenant_id: str) -> UUID:
    """The stream of the tenant's tables."""
    return ids.derived("segment_tables", tenant_id)


def hash_of(table: bytes) -> bytes:
    """SHA-256 of the published bytes."""
    return hashlib.sha256(table).digest()


# What may be decided ---------------------------------------------------------


class SegmentTableIsUnknown(IsUnknown):
    """There is no such version of the tenant's segment table."""


class TooManySegmentTables(Refusal):
    """The tenant has published as many versions of its segment table as it may."""


def publish(tables: SegmentTables, name: str, table: bytes, check: CheckTable) -> None:
    """Store the table as the next version, not yet in force. The same bytes again: told once."""
    if tables.version_of(table):
        return
    if not name.strip():
        raise IsInvalid("name", "must not be empty")
    if len(table) > TABLE_BYTES_MAX:
        raise IsInvalid("table", f"must not exceed {TABLE_BYTES_MAX} bytes")
    check(table)
    if tables.latest_version >= TABLE_VERSIONS_MAX:
        raise TooManySegmentTables(versions_max=TABLE_VERSIONS_MAX)
    version = tables.latest_version + 1
    tables.tell(SegmentTablePublished(**tables.next(), version=version, table=table, table_hash=hash_of(table), name=name))


def activate(tables: SegmentTables, version: int) -> None:
    """From now on cases are put into segments by this version, each with the next fact heard of it. Active already: told once."""
    tables.known(version)
    if version != tables.active_version:
        tables.tell(SegmentTableActivated(**tables.next(), version=version, from_=tables.active_version))
