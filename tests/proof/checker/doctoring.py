"""Doctored evidence: copies of a run's database with rows changed by hand, records put on a topic by hand, lines of a history edited."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.types_pb2 import Actor
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from psycopg import conninfo, sql

PARTITIONS = 12
TOPIC = "acuerdo.cases.v1.events"
Line = dict[str, Any]


class Copies:
    """A database like the one of the run, doctored each time in another way by a superuser. Made once: a copy for each takes too long."""

    def __init__(self, dsn: str, services: Sequence[str]) -> None:
        template = str(conninfo.conninfo_to_dict(dsn)["dbname"])
        with psycopg.connect(conninfo.make_conninfo(dsn, dbname="template1"), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE doctored TEMPLATE {}").format(sql.Identifier(template)))
        self._dsn = conninfo.make_conninfo(dsn, dbname="doctored")
        schemas = [schema for service in services for schema in (service, f"{service}_keys")]
        with psycopg.connect(self._dsn) as connection:
            found = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s)", (schemas,)).fetchall()
            self._tables = [(sql.Identifier(*names), sql.Identifier("kept", ".".join(names))) for names in found]
            connection.execute("CREATE SCHEMA kept")
            for table, kept in self._tables:
                connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, table))

    def doctored(self, *statements: str | Callable[[psycopg.Connection[Any]], None]) -> str:
        """Its DSN, as it was but for these changes."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute("SET session_replication_role = replica")  # the trigger that guards history sleeps
            for table, kept in self._tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
                connection.execute(sql.SQL("INSERT INTO {} TABLE {}").format(table, kept))
            for statement in statements:
                if callable(statement):
                    statement(connection)
                else:
                    assert connection.execute(statement.encode()).rowcount > 0, f"nothing was doctored: {statement}"
        return self._dsn


def forged(*, cause: tuple[bytes, int] | None = None, actor: Actor | None = None, tell: Callable[[CaseEvent], None] | None = None) -> Any:
    """One more event on a stream, well chained, as nobody's command told it."""

    def forge(connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(
            """SELECT e.stream_id, e.version, e.tenant_id, s.head_hash, e.event
               FROM cases.events e JOIN cases.streams s USING (stream_id, version)
               WHERE stream_id IN (SELECT stream_id FROM cases.events WHERE type_name = 'CaseClosed')"""
        ).fetchone()
        assert row is not None
        stream, version, tenant, head, last = row
        event = CaseEvent.FromString(last)
        event.meta.version, event.meta.prev_hash = version + 1, head
        event.meta.command_id = uuid4().bytes
        event.case_reopened.SetInParent()
        if actor is not None:
            event.meta.actor.CopyFrom(actor)
        if cause is not None:
            event.meta.causation.stream_id, event.meta.causation.version = cause
        if tell is not None:
            tell(event)
        append(connection, stream, version + 1, tenant, "CaseReopened", event.SerializeToString(deterministic=True))

    return forge


def append(connection: psycopg.Connection[Any], stream: Any, version: int, tenant: str, fact: str, event: bytes) -> None:
    """As the log would: position, instant, head and counter move with it."""
    connection.execute(
        """UPDATE cases.log_counter SET position = position + 1, recorded_at = recorded_at + interval '1 second'""",
    )
    connection.execute(
        """INSERT INTO cases.events (stream_id, position, recorded_at, version, epoch, tenant_id, type_name, event)
           SELECT %s, position, recorded_at, %s, 1, %s, %s, %s FROM cases.log_counter""",
        (stream, version, tenant, fact, event),
    )
    connection.execute("UPDATE cases.streams SET version = %s, head_hash = sha256(%s) WHERE stream_id = %s", (version, event, stream))


def told_again(fact: str) -> Any:
    """The last event of that kind, told once more by the same origin: its copy at the end of its stream and of the log."""

    def tell(connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(
            """SELECT e.stream_id, s.version, e.tenant_id, s.head_hash, e.event FROM cases.events e JOIN cases.streams s USING (stream_id)
               WHERE type_name = %s ORDER BY e.position DESC LIMIT 1""",
            (fact,),
        ).fetchone()
        assert row is not None
        stream, version, tenant, head, first = row
        event = CaseEvent.FromString(first)
        event.meta.version, event.meta.prev_hash = version + 1, head
        append(connection, stream, version + 1, tenant, fact, event.SerializeToString(deterministic=True))

    return tell


# History -----------------------------------------------------------------------------------------------------------------


def edited(history: Path, into: Path, edit: Callable[[Line, Line], Sequence[Line] | None]) -> Path:
    """`edit(asked, came)` changes them in place; what it returns, if anything, stands in their place."""
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    came = {line["came"]["attempt"]: line for line in lines if "came" in line}
    written: list[Line] = []
    for line in lines:
        if "asked" in line:
            pair = [line, came[line["asked"]["attempt"]]]
            instead = edit(pair[0]["asked"], pair[1]["came"])
            written += pair if instead is None else instead
    file = into / f"{uuid4().hex}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in written))
    return file


# Topics ------------------------------------------------------------------------------------------------------------------


async def records_of(bootstrap: str) -> list[Any]:
    """Of the cases service, in no order."""
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def put(
    bootstrap: str, record: Any, *, value: bytes | None = None, partition: int | None = None, **headers: str
) -> tuple[str, int, int]:
    """A record like this one, changed by hand; where it stands."""
    said = dict(record.headers) | {
        name.replace("_", "-") if name.startswith("acuerdo") else name: text.encode() for name, text in headers.items()
    }
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        where = record.partition if partition is None else partition
        sent = await producer.send_and_wait(
            TOPIC, record.value if value is None else value, record.key, partition=where, headers=list(said.items())
        )
        return TOPIC, sent.partition, sent.offset
    finally:
        await producer.stop()
