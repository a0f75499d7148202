"""What is stored together with the facts: names that are claimed, positions of what was heard, timers; each tenant's apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.units import (
    ClaimedByAnother,
    Conflict,
    HeardAlready,
    StreamVersion,
    TimerIsStale,
)
from services.kernel.facts import Change
from tests.chassis.log.ledgers import (
    OTHER_TENANT,
    TENANT,
    Ledger,
    LedgerIsShut,
    LedgerIsUnknown,
    adding,
    asked,
    heard,
    is_sound,
    named,
    opened,
    opening,
    query,
    reviewing,
    shutting,
    timer_of,
    up_to,
)


async def count(dsn: str, table: str) -> int:
    return int((await query(dsn, f"SELECT count(*) FROM ledgers.{table}"))[0][0])


# Claims --------------------------------------------------------------------------------------------------------------


async def test_a_name_is_held_by_one_stream(log: Log, other_log: Log, ledgers: str) -> None:
    async def claim(i: int) -> UUID | ClaimedByAnother:
        try:
            return await opened((log, other_log)[i % 2], claims=(named("ours"),))
        except ClaimedByAnother as lost:
            return lost

    answers = await asyncio.gather(*(claim(i) for i in range(60)))
    (holder,) = [answer for answer in answers if isinstance(answer, UUID)]
    assert {(lost.kind, lost.holder) for lost in answers if isinstance(lost, ClaimedByAnother)} == {("ledger", holder)}
    assert await log.claimed(TENANT, "ledger", ["ours", "theirs"]) == {"ours": holder}
    assert await log.claimed(OTHER_TENANT, "ledger", ["ours"]) == {}
    assert await is_sound(ledgers, log) == 1


async def test_a_name_given_up_is_free(log: Log) -> None:
    first = await opened(log, claims=(named("ours"),))
    await log.run(asked(), shutting(first, releases=(named("ours"),)))
    second = await opened(log, claims=(named("ours"),))
    assert await log.claimed(TENANT, "ledger", ["ours"]) == {"ours": second}


async def test_a_change_that_tells_nothing_takes_no_name(log: Log) -> None:
    ledger_id = await opened(log)
    await log.run(asked(), opening(ledger_id, claims=(named("ours"),)))
    assert await log.claimed(TENANT, "ledger", ["ours"]) == {}


async def test_two_changes_of_one_unit_cannot_take_the_same_name(log: Log, ledgers: str) -> None:
    with pytest.raises(ClaimedByAnother):
        await log.run(asked(), opening(claims=(named("ours"),)), opening(claims=(named("ours"),)))
    ledger_id = new_id()
    await log.run(
        asked(), opening(ledger_id, claims=(named("ours"),)), Change(Ledger, ledger_id, adding(ledger_id).decide, claims=(named("ours"),))
    )
    assert await is_sound(ledgers, log) == 2


async def test_a_unit_may_pass_a_name_from_one_stream_to_another(log: Log) -> None:
    first = await opened(log, claims=(named("ours"),))
    second = new_id()
    await log.run(asked(), shutting(first, releases=(named("ours"),)), opening(second, claims=(named("ours"),)))
    assert await log.claimed(TENANT, "ledger", ["ours"]) == {"ours": second}


# Heard ---------------------------------------------------------------------------------------------------------------


async def test_heard_facts_and_their_position_are_one_unit(log: Log, ledgers: str) -> None:
    first, second = await opened(log), await opened(log)
    await log.run_heard(up_to(0, 12), [(heard(1), [adding(first, 1), adding(second, 2)]), (heard(2), [adding(first, 3)])])
    assert (await log.load(Ledger, first, TENANT)).total == 4
    assert await query(ledgers, "SELECT position, offset_hint FROM ledgers.positions") == [(12, 12)]
    with pytest.raises(HeardAlready) as already:
        await log.run_heard(up_to(0, 12), [(heard(1), [adding(first, 1)])])
    assert already.value.position == 12
    assert await is_sound(ledgers, log) == 5


async def test_each_fact_of_a_batch_keeps_the_trace_it_came_with(log: Log) -> None:
    ledger_id = await opened(log)
    facts = [replace(heard(n), traceparent=f"00-{n:032x}-{n:016x}-01") for n in (1, 2)]
    await log.run_heard(up_to(0, 12), [(fact, [adding(ledger_id, 1)]) for fact in facts])
    assert [record.traceparent for record in await log.read_stream(ledger_id, TENANT)] == ["", *(fact.traceparent for fact in facts)]


async def test_two_listeners_at_once_have_one_effect(log: Log, other_log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    hear = [some.run_heard(up_to(0, 5), [(heard(), [adding(ledger_id)])]) for some in (log, other_log, log, other_log)]
    answers = await asyncio.gather(*hear, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["HeardAlready"] * 3 + ["Stored"]
    assert await is_sound(ledgers, log) == 2


async def test_a_refusal_of_a_heard_fact_moves_nothing(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    await log.run(asked(), shutting(ledger_id))
    with pytest.raises(LedgerIsShut):
        await log.run_heard(up_to(0, 5), [(heard(), [adding(ledger_id)])])
    assert await count(ledgers, "positions") == 0


# Timers --------------------------------------------------------------------------------------------------------------


async def test_a_timer_is_replaced_with_every_write_and_fires_once(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    old = await timer_of(ledgers, ledger_id)
    await log.run(asked(), adding(ledger_id))
    fired = await timer_of(ledgers, ledger_id)
    assert (old.version, fired.version, fired.due) == (1, 2, old.due)
    with pytest.raises(TimerIsStale):
        await log.run(old, reviewing(ledger_id))
    stored = await log.run(fired, reviewing(ledger_id))
    assert stored.streams == (StreamVersion(ledger_id, 3),)
    with pytest.raises(TimerIsStale):
        await log.run(fired, reviewing(ledger_id))
    assert await count(ledgers, "timers") == 0
    meta = (await log.read_stream(ledger_id, TENANT))[-1]
    assert log.service.event.FromString(meta.event).meta.actor.kind == 6  # type: ignore[attr-defined]  # KIND_TIMER


# Tenants -------------------------------------------------------------------------------------------------------------


async def test_a_stream_of_another_tenant_does_not_exist(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    await log.run(asked(), adding(ledger_id, 7))
    assert not (await log.load(Ledger, ledger_id, OTHER_TENANT)).exists
    assert not (await log.fold(Ledger, ledger_id, OTHER_TENANT)).exists
    assert await log.read_stream(ledger_id, OTHER_TENANT) == []
    with pytest.raises(LedgerIsUnknown):
        await log.run(asked(tenant=OTHER_TENANT), adding(ledger_id))
    with pytest.raises(Conflict) as conflict:
        await log.run(asked(tenant=OTHER_TENANT), opening(ledger_id))
    assert conflict.value.current_version == 0  # not even its version is told
    assert (await log.load(Ledger, ledger_id, TENANT)).total == 7
    assert await is_sound(ledgers, log) == 2


async def test_a_given_stream_of_another_tenant_does_not_exist(log: Log, other_log: Log) -> None:
    theirs, ours = await opened(log), (await log.run(asked(tenant=OTHER_TENANT), opening())).streams[0].stream_id
    for some in (log, other_log):  # warm and cold
        with pytest.raises(LedgerIsUnknown):
            await some.run(asked(tenant=OTHER_TENANT), adding(ours, given=(theirs,)))
