"""Writing by what persons are found: sealed values are opened, hashed with a key, and forgotten; and whose cases there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from acuerdo.common.v1 import types_pb2 as common
from acuerdo.contacts.v1 import casefiles_pb2 as files
from acuerdo.contacts.v1 import persons_pb2 as told
from google.protobuf.message import Message
from psycopg import AsyncConnection

from services.chassis.heard import Heard, View
from services.chassis.seal.seals import Seals
from services.contacts.adapters import blind, spelling
from services.contacts.adapters.blind import BlindIndex
from services.kernel.sealed import Sealed

_INDEX = """INSERT INTO contacts.person_index (tenant_id, kind, hmac, item_id, person_id)
            SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING"""
_SAID_OTHERWISE = """DELETE FROM contacts.person_index i USING unnest(%s::uuid[], %s::text[]) s(item, kind)
                     WHERE (i.item_id, i.kind) = (s.item, s.kind)"""
_FILES = """INSERT INTO contacts.case_files (file_id, tenant_id, case_id, client_id, portfolio_id, external_ref, is_closed)
            SELECT *, false FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) ON CONFLICT DO NOTHING"""
_CLOSED = """UPDATE contacts.case_files f SET is_closed = c.is_closed FROM unnest(%s::uuid[], %s::bool[]) c(file_id, is_closed)
             WHERE f.file_id = c.file_id"""
_PARTIES = """INSERT INTO contacts.case_file_parties (file_id, person_id, tenant_id, role)
              SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[])
              ON CONFLICT (file_id, person_id) DO UPDATE SET role = excluded.role"""
_PARTIES_GONE = """DELETE FROM contacts.case_file_parties p USING unnest(%s::uuid[], %s::uuid[]) g(file, person)
                   WHERE (p.file_id, p.person_id) = (g.file, g.person)"""


@dataclass(slots=True)
class _Notes:
    """What the facts of one batch come to."""

    entries: dict[tuple[UUID, str], tuple[str, bytes, UUID]] = field(default_factory=dict)
    """(tenant, hash, person) by item and kind: it says one thing of each kind; the later one counts."""
    gone: set[UUID] = field(default_factory=set)
    files: list[tuple[Any, ...]] = field(default_factory=list)
    closed: dict[UUID, bool] = field(default_factory=dict)
    parties: dict[tuple[UUID, UUID], tuple[str, str] | None] = field(default_factory=dict)


class PersonIndex:
    """The view "people". Only a process that can open seals writes it."""

    def __init__(self, seals: Seals, index: BlindIndex) -> None:
        self._seals, self._index = seals, index

    def view(self) -> View:
        return View(name="people", tables=("person_index", "case_files", "case_file_parties"), write=self.write)

    async def write(self, connection: AsyncConnection[Any], heard: Sequence[Heard[Any]]) -> None:
        notes = _Notes()
        # Seals are opened side by side; each fact notes under its own item, and what is told later of one comes later in `heard`.
        blinded = await asyncio.gather(*(OPENS.get(type(one.fact), _nothing)(self, one) for one in heard))
        for one, values in zip(heard, blinded, strict=True):
            for item_id, kind, hmac, person_id in values:
                notes.entries[item_id, kind] = (one.tenant_id, hmac, person_id)
            if (noting := NOTES.get(type(one.fact))) is not None:
                noting(notes, one)
        await _store(connection, notes)

    async def open(self, heard: Heard[Any], person_id: UUID, field_: str, sealed: common.Sealed) -> str | None:
        value = Sealed(UUID(bytes=sealed.subject_id), sealed.key_version, sealed.nonce, sealed.ciphertext)
        return await self._seals.open(heard.tenant_id, person_id, field_, value)

    def entry(self, heard: Heard[Any], item_id: UUID, kind: str, value: str, person_id: UUID) -> Entry:
        return item_id, kind, self._index.blinded(heard.tenant_id, kind, value), person_id


Entry = tuple[UUID, str, bytes, UUID]
Opening = Callable[[PersonIndex, Heard[Any]], Awaitable[list[Entry]]]


# What is looked up ------------------------------------------------------------------------------------------------------


async def _nothing(_: PersonIndex, __: Heard[Any]) -> list[Entry]:
    return []


async def _named(index: PersonIndex, heard: Heard[Any]) -> list[Entry]:
    fact, person_id, found = heard.fact, heard.stream_id, []
    if (name := await index.open(heard, person_id, "name", fact.name)) is not None:
        found.append(index.entry(heard, person_id, blind.NAME, spelling.sound(name), person_id))
    if fact.HasField("birth_date") and (born := await index.open(heard, person_id, "birth_date", fact.birth_date)) is not None:
        found.append(index.entry(heard, person_id, blind.BIRTH_DATE, born, person_id))
    return found


async def _identified(index: PersonIndex, heard: Heard[told.IdentifierRecorded]) -> list[Entry]:
    identifier = heard.fact.identifier
    item_id, person_id = UUID(bytes=identifier.identifier_id), UUID(bytes=identifier.person_id)
    value = await index.open(heard, person_id, f"identifiers.{item_id}", identifier.value)
    if value is None:
        return []
    if identifier.client_id:
        return [index.entry(heard, item_id, blind.CLIENT_REF, blind.client_ref(UUID(bytes=identifier.client_id), value), person_id)]
    written = blind.national_id(identifier.country, identifier.kind, value)
    return [index.entry(heard, item_id, blind.NATIONAL_ID, written, person_id)]


async def _reached(index: PersonIndex, heard: Heard[told.ContactPointAdded]) -> list[Entry]:
    point = heard.fact.point
    item_id, person_id = UUID(bytes=point.point_id), UUID(bytes=point.person_id)
    value = await index.open(heard, person_id, f"points.{item_id}", point.value)
    kind = told.PointKind.Name(point.kind).removeprefix("POINT_KIND_")
    return [] if value is None else [index.entry(heard, item_id, kind, value, person_id)]


OPENS: Mapping[type[Message], Opening] = {
    told.PersonRegistered: _named,
    told.IdentityCorrected: _named,
    told.IdentifierRecorded: _identified,
    told.ContactPointAdded: _reached,
}


# Whose cases there are --------------------------------------------------------------------------------------------------


def _removed(notes: _Notes, heard: Heard[told.IdentifierRemoved]) -> None:
    item_id = UUID(bytes=heard.fact.identifier_id)
    notes.gone.add(item_id)
    for key in [key for key in notes.entries if key[0] == item_id]:
        del notes.entries[key]


def _case(notes: _Notes, heard: Heard[files.CaseNoted]) -> None:
    fact = heard.fact
    ids = (UUID(bytes=fact.case_id), UUID(bytes=fact.client_id), UUID(bytes=fact.portfolio_id))
    notes.files.append((heard.stream_id, heard.tenant_id, *ids, fact.external_ref))


def _party(notes: _Notes, heard: Heard[files.PartyNoted]) -> None:
    notes.parties[heard.stream_id, UUID(bytes=heard.fact.person_id)] = (heard.tenant_id, heard.fact.role)


def _party_gone(notes: _Notes, heard: Heard[files.PartyGoneNoted]) -> None:
    notes.parties[heard.stream_id, UUID(bytes=heard.fact.person_id)] = None


def _closed(notes: _Notes, heard: Heard[Any]) -> None:
    notes.closed[heard.stream_id] = isinstance(heard.fact, files.CaseClosedNoted)


NOTES: Mapping[type[Message], Callable[[_Notes, Heard[Any]], None]] = {
    told.IdentifierRemoved: _removed,
    files.CaseNoted: _case,
    files.PartyNoted: _party,
    files.PartyGoneNoted: _party_gone,
    files.CaseClosedNoted: _closed,
    files.CaseReopenedNoted: _closed,
}


async def _store(connection: AsyncConnection[Any], notes: _Notes) -> None:
    if notes.gone:
        await connection.execute("DELETE FROM contacts.person_index WHERE item_id = ANY(%s)", (list(notes.gone),))
    await _run(connection, _SAID_OTHERWISE, list(notes.entries))
    entries = [(tenant, kind, hmac, item, person) for (item, kind), (tenant, hmac, person) in notes.entries.items()]
    await _run(connection, _INDEX, entries)
    await _run(connection, _FILES, notes.files)
    await _run(connection, _CLOSED, list(notes.closed.items()))
    here = [(file_id, person_id, *party) for (file_id, person_id), party in notes.parties.items() if party is not None]
    await _run(connection, _PARTIES, here)
    await _run(connection, _PARTIES_GONE, [key for key, party in notes.parties.items() if party is None])


async def _run(connection: AsyncConnection[Any], statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """The statement once, for all rows: their columns travel as arrays."""
    if rows:
        await connection.execute(statement.encode(), [list(column) for column in zip(*rows, strict=True)])
