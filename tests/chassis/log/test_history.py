"""The history: nobody changes it, a change would be found, and each tenant sees its own."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from services.chassis.log.log import Log
from services.chassis.log.sweeper import Sweeper, sweep_commands
from services.chassis.log.units import NO_HASH, HistoryDoesNotVerify
from tests.chassis.log.ledgers import (
    OTHER_TENANT,
    TENANT,
    Ledger,
    a_log,
    adding,
    asked,
    opened,
    opening,
    prepare,
    query,
    shutting,
)

# Append-only ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["ledgers_writer", "ledgers_follower", "ledgers_sweeper", "ledgers_query", "postgres"])
@pytest.mark.parametrize("change", ["UPDATE ledgers.events SET version = 9", "DELETE FROM ledgers.events", "TRUNCATE ledgers.events"])
async def test_nobody_changes_an_event(log: Log, ledgers: str, role: str, change: str) -> None:
    await opened(log)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await query(ledgers, change, role=role)
    assert len(await log.read(0, 10)) == 1


async def test_the_writer_changes_no_answer_and_the_sweeper_reads_no_event(log: Log, ledgers: str) -> None:
    await opened(log)
    for statement in ("UPDATE ledgers.commands SET reply = ''", "DELETE FROM ledgers.commands", "DELETE FROM ledgers.streams"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await query(ledgers, statement, role="ledgers_writer")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await query(ledgers, "SELECT * FROM ledgers.events", role="ledgers_sweeper")


async def test_the_sweeper_takes_old_answers_only(log: Log, ledgers: str) -> None:
    request = asked()
    await log.run(request, opening())
    assert await sweep_commands(ledgers, "ledgers", older_than_days=1) == 0
    assert (await log.run(request, opening())).is_repeated
    assert await sweep_commands(ledgers, "ledgers", older_than_days=0) == 1


async def test_a_running_sweeper_takes_what_is_a_month_old(log: Log, ledgers: str) -> None:
    await log.run(asked(), opening())
    await log.run(asked(), opening())
    await query(ledgers, "UPDATE ledgers.commands SET recorded_at = recorded_at - interval '31 days' WHERE position = 1")
    sweeper = Sweeper(ledgers, "ledgers", every_seconds=0.02)
    await sweeper.start()
    async with asyncio.timeout(10):
        while await query(ledgers, "SELECT position FROM ledgers.commands") != [(2,)]:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)
    await sweeper.stop()
    await sweeper.wait()


# Tenants -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["events", "streams"])
async def test_a_query_sees_the_tenant_it_says_and_nothing_without_one(log: Log, ledgers: str, table: str) -> None:
    await opened(log)
    await log.run(asked(tenant=OTHER_TENANT), opening())
    statement = f"SELECT tenant_id FROM ledgers.{table}"
    assert await query(ledgers, statement, role="ledgers_query") == []
    assert await query(ledgers, statement, role="ledgers_query", tenant="nobody") == []
    assert await query(ledgers, statement, role="ledgers_query", tenant=TENANT) == [(TENANT,)]


async def test_every_table_with_a_tenant_forces_row_level_security(ledgers: str) -> None:
    bare = await query(
        ledgers,
        """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
           WHERE c.relnamespace = 'ledgers'::regnamespace AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""",
    )
    assert bare == []


async def test_schemas_of_many_databases_are_made_at_once(postgres_dsn: str) -> None:
    """Roles belong to the server: whoever comes second finds them made."""
    names = [f"burrow_{uuid4().hex[:12]}" for _ in range(4)]
    for role in ("writer", "follower", "sweeper", "query"):
        await query(postgres_dsn, f"DROP ROLE IF EXISTS burrows_{role}")
    for name in names:
        await query(postgres_dsn, f"CREATE DATABASE {name}")
    try:
        await asyncio.gather(*(prepare(psycopg.conninfo.make_conninfo(postgres_dsn, dbname=name), "burrows") for name in names))
    finally:
        for name in names:
            await query(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


# The chain -----------------------------------------------------------------------------------------------------------


async def a_history(log: Log) -> UUID:
    ledger_id = await opened(log)
    for amount in (5, 6, 7):
        await log.run(asked(), adding(ledger_id, amount))
    return ledger_id


async def tamper(dsn: str, statement: str, *parameters: object) -> None:
    """As an administrator who takes the trigger away first."""
    await query(dsn, "ALTER TABLE ledgers.events DISABLE TRIGGER ALL")
    await query(dsn, statement, *parameters)


async def test_each_event_rests_on_the_one_before(log: Log) -> None:
    records = await log.read_stream(await a_history(log), TENANT)
    metas = [log.service.event.FromString(record.event).meta for record in records]  # type: ignore[attr-defined]  # every event has one
    hashes = [hashlib.sha256(record.event).digest() for record in records]
    assert [meta.prev_hash for meta in metas] == [NO_HASH, *hashes[:-1]]
    assert [meta.version for meta in metas] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("a byte flipped", "UPDATE ledgers.events SET event = set_byte(event, length(event) - 1, 9) WHERE version = 2"),
        ("the last byte flipped", "UPDATE ledgers.events SET event = set_byte(event, length(event) - 1, 9) WHERE version = 4"),
        ("one taken out", "DELETE FROM ledgers.events WHERE version = 2"),
        ("the tail cut off", "DELETE FROM ledgers.events WHERE version = 4"),
        ("all cut off", "DELETE FROM ledgers.events"),
        ("given to another tenant", "UPDATE ledgers.events SET tenant_id = 'rival' WHERE version = 3"),
        ("undecodable", "UPDATE ledgers.events SET event = '\\x00' WHERE version = 3"),
        (
            "two swapped",
            """UPDATE ledgers.events e SET event = o.event FROM ledgers.events o
               WHERE e.stream_id = o.stream_id AND (e.version, o.version) IN ((2, 3), (3, 2))""",
        ),
    ],
)
async def test_a_changed_history_is_refused_loudly(log: Log, ledgers: str, name: str, statement: str) -> None:
    ledger_id = await a_history(log)
    await tamper(ledgers, statement)
    async with a_log(ledgers) as fresh:
        with pytest.raises(HistoryDoesNotVerify):
            await fresh.read_stream(ledger_id, TENANT)
        with pytest.raises(HistoryDoesNotVerify):
            await fresh.run(asked(), adding(ledger_id))


# Known when ----------------------------------------------------------------------------------------------------------


async def test_a_fold_knows_what_was_known_then(log: Log) -> None:
    ledger_id = await a_history(log)
    records = await log.read_stream(ledger_id, TENANT)
    for number, record in enumerate(records, 1):
        folded = await log.fold(Ledger, ledger_id, TENANT, record.recorded_at)
        assert (folded.version, folded.total) == (number, sum((5, 6, 7)[: number - 1]))
    before = records[0].recorded_at - timedelta(microseconds=1)
    assert not (await log.fold(Ledger, ledger_id, TENANT, before)).exists


async def test_a_replay_is_the_live_stream(log: Log, other_log: Log) -> None:
    ledger_id = await a_history(log)
    await log.run(asked(), shutting(ledger_id))
    live, cold, folded = [
        await log.load(Ledger, ledger_id, TENANT),
        await other_log.load(Ledger, ledger_id, TENANT),
        await log.fold(Ledger, ledger_id, TENANT),
    ]
    for state in (cold, folded):
        assert (state.version, state.total, state.is_shut, state.name) == (live.version, live.total, live.is_shut, live.name)


async def test_the_log_is_read_in_order_page_by_page(log: Log) -> None:
    for _ in range(7):
        await opened(log)
    first, second = await log.read(0, 5), await log.read(5, 5)
    assert [record.position for record in (*first, *second)] == [1, 2, 3, 4, 5, 6, 7]
    assert await log.read(7, 5) == []
