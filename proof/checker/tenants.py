"""I17: nothing of one tenant is found under another.

Every row with a tenant and a stream is held against the stream's owner; events against their own bytes, their causes and their tenant's
keys; answers against the owner of what they speak of; a tenant's canary against everything of another. Where tokens are given, each
tenant's own Replay is read, and each asks for cases of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import grpc.aio
import psycopg
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.log_pb2 import ReplayRequest, Reply
from psycopg import sql

from proof.checker.contract import EVENTS, HEARS
from proof.checker.doors import ANSWER_WITHIN_SECONDS, Doors, Tokens, each, with_token
from proof.checker.evidence import Evidence
from proof.checker.findings import Looked
from proof.checker.stored import Stored

REPLAYED_MAX = 20_000
"""Records read of each tenant's Replay."""
ASKED_OF_ANOTHER_MAX = 8
"""Cases of another tenant that each tenant asks for."""
SHOWN_MAX = 20


def kept_apart(evidence: Evidence, canaries: Mapping[str, str], looked: Looked) -> None:
    """By what is stored and what callers were told."""
    for stored in evidence.stored.values():
        looked.counted += len(stored.events) + len(stored.commands)
        looked.breaks(*_events(stored, evidence.stored), *_commands(stored), *_seals(stored), *_canaries(stored, canaries))
    looked.breaks(*_answers(evidence))


def _events(stored: Stored, all_stored: Mapping[str, Stored]) -> Iterator[str]:
    sources = [stored, *(all_stored[name] for name in HEARS[stored.service] if name in all_stored)]
    for event in stored.events:
        owner = stored.streams.get(event.stream, (0, event.tenant_id))[1]
        if event.tenant_id != owner or (event.fact and event.said[0] != owner):
            yield f"{event.name} is of {event.said[0]}, under {event.tenant_id}, on a stream of {owner}"
        if event.cause is not None:
            causes = (source.by_version.get(event.cause) for source in sources)
            for cause in causes:
                if cause is not None and cause.tenant_id != event.tenant_id:
                    yield f"{event.name} of {event.tenant_id} came of {cause.name} of {cause.tenant_id}"


def _commands(stored: Stored) -> Iterator[str]:
    for command in stored.commands:
        for named in Reply.FromString(command.reply).streams:
            owner = stored.streams.get(named.stream_id)
            if owner is not None and owner[1] != command.tenant_id:
                yield f"{stored.service} {command.name} names {UUID(bytes=named.stream_id)} of {owner[1]}"


def _seals(stored: Stored) -> Iterator[str]:
    for event, subject in stored.sealed:
        if (event.tenant_id, subject) not in stored.keys:
            yield f"{event.name} of {event.tenant_id} is sealed with a key of another: subject {subject.hex()}"


def _canaries(stored: Stored, canaries: Mapping[str, str]) -> Iterator[str]:
    written = [(tenant, text.encode()) for tenant, text in canaries.items()]
    for event in stored.events:
        for tenant, text in written:
            if tenant != event.tenant_id and text in event.data:
                yield f"{event.name} of {event.tenant_id} holds what is {tenant}'s"


def _answers(evidence: Evidence) -> Iterator[str]:
    for attempt in evidence.attempts or ():
        stored = evidence.stored.get(attempt.asked.service)
        if stored is None or attempt.came is None:
            continue
        for stream in attempt.came.seen:
            owner = stored.streams.get(UUID(stream).bytes)
            if owner is not None and attempt.asked.tenant_id not in (owner[1], "*"):
                asked = attempt.asked
                yield f"{asked.method} (attempt {asked.attempt} of {asked.tenant_id}/{asked.principal}) speaks of {stream} of {owner[1]}"


# Tables ------------------------------------------------------------------------------------------------------------------


def tables_kept_apart(dsn: str, services: Sequence[str], canaries: Mapping[str, str], looked: Looked) -> None:
    """Every table with a tenant: its rows are on streams of that tenant, and hold no other tenant's canary."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for service in services:
            for table, columns in _tables(connection, service).items():
                looked.breaks(
                    *_strangers(connection, service, table, columns, services), *_canary_rows(connection, service, table, canaries)
                )


def _tables(connection: psycopg.Connection[Any], service: str) -> dict[str, list[str]]:
    rows = connection.execute(
        """SELECT c.table_name, array_agg(c.column_name::text) FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
           WHERE c.table_schema = %s AND t.table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1""",
        (service,),
    ).fetchall()
    return {table: columns for table, columns in rows if "tenant_id" in columns}


def _strangers(
    connection: psycopg.Connection[Any], service: str, table: str, columns: Sequence[str], services: Sequence[str]
) -> Iterator[str]:
    named = next((name for name in ("stream_id", "case_id") if name in columns), None)
    owner = "cases" if named == "case_id" else service
    if named is None or table in ("events", "streams") or owner not in services:
        return
    query = sql.SQL(
        """SELECT t.{named}::text, t.tenant_id, s.tenant_id FROM {table} t LEFT JOIN {streams} s ON s.stream_id = t.{named}
           WHERE t.{named} IS NOT NULL AND s.tenant_id IS DISTINCT FROM t.tenant_id LIMIT {most}"""
    ).format(
        named=sql.Identifier(named),
        table=sql.Identifier(service, table),
        streams=sql.Identifier(owner, "streams"),
        most=sql.Literal(SHOWN_MAX),
    )
    for stream, tenant, of in connection.execute(query).fetchall():
        yield f"{service}.{table} has {stream} under {tenant}, and it is {f'of {of}' if of else 'nobody'}'s stream"


def _canary_rows(connection: psycopg.Connection[Any], service: str, table: str, canaries: Mapping[str, str]) -> Iterator[str]:
    if table in ("events", "streams"):
        return
    for tenant, text in canaries.items():
        query = sql.SQL(
            "SELECT left(t::text, 120), tenant_id FROM {} t WHERE tenant_id <> %s AND position(%s in t::text) > 0 LIMIT {}"
        ).format(sql.Identifier(service, table), sql.Literal(SHOWN_MAX))
        for row, of in connection.execute(query, (tenant, text)).fetchall():
            yield f"{service}.{table} holds what is {tenant}'s under {of}: {row}"


# Asked -------------------------------------------------------------------------------------------------------------------


async def asked_apart(stored: Mapping[str, Stored], doors: Doors, tokens: Tokens, looked: Looked) -> str:
    """With each tenant's own token. What was missing, for the finding."""
    tenants = sorted({tenant for one in stored.values() for _, tenant, _ in one.streams.values()})
    known = [tenant for tenant in tenants if tokens.of(tenant) is not None]
    for service in stored:
        if service in doors:
            for tenant in known:
                looked.breaks(*await _replayed(service, tenant, doors, tokens))
    if "cases" in doors and "cases" in stored:
        looked.breaks(*await _asked_of_others(stored["cases"], known, doors, tokens))
    without = sorted(set(tenants) - set(known))
    return f"nobody asked as {', '.join(without[:5])}" if without else ""


async def _replayed(service: str, tenant: str, doors: Doors, tokens: Tokens) -> list[str]:
    found: list[str] = []
    metadata = with_token(tokens.of(tenant) or "")
    try:
        replay = doors.log(service).Replay(ReplayRequest(limit=REPLAYED_MAX), metadata=metadata, timeout=ANSWER_WITHIN_SECONDS)
        async for answer in replay:
            for record in answer.records:
                event: Any = EVENTS[service].FromString(record.event)
                if event.meta.tenant_id != tenant:
                    found.append(
                        f"{service} replays {UUID(bytes=event.meta.stream_id)}:{event.meta.version} of {event.meta.tenant_id} to {tenant}"
                    )
    except grpc.aio.AioRpcError as error:
        found.append(f"{service} does not replay to {tenant}: {error.code().name}")
    return found


async def _asked_of_others(stored: Stored, tenants: Sequence[str], doors: Doors, tokens: Tokens) -> list[str]:
    by_tenant: dict[str, list[str]] = {}
    for event in stored.events:
        if event.fact == "CaseRegistered" and len(of := by_tenant.setdefault(event.tenant_id, [])) < ASKED_OF_ANOTHER_MAX:
            of.append(str(UUID(bytes=event.stream)))
    asked = [(tenant, owner, case) for tenant in tenants for owner, ids in by_tenant.items() if owner != tenant for case in ids]

    async def sees(one: tuple[str, str, str]) -> str:
        tenant, owner, case_id = one
        try:
            request = cases.GetCaseRequest(case_id=case_id)
            await doors.cases.GetCase(request, metadata=with_token(tokens.of(tenant) or ""), timeout=ANSWER_WITHIN_SECONDS)
        except grpc.aio.AioRpcError as error:
            return "" if error.code() is grpc.StatusCode.NOT_FOUND else f"{tenant} asks for a case of {owner}: {error.code().name}"
        return f"{tenant} is shown case {case_id} of {owner}"

    return [line for line in await each(asked, sees) if line]
