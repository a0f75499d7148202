"""A command: stored whole or not at all, the same answer when asked again, and never decided on what is no longer so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.units import (
    Conflict,
    NotStored,
    RefusedBefore,
    RequestIdReused,
    Stored,
    StreamVersion,
)
from services.kernel.facts import Change
from tests.chassis.log.ledgers import (
    OTHER_TENANT,
    TENANT,
    Added,
    Ledger,
    LedgerIsOpenAlready,
    LedgerIsShut,
    LedgerIsUnknown,
    adding,
    asked,
    heard,
    is_sound,
    opened,
    opening,
    query,
    shutting,
    up_to,
)


async def count(dsn: str, table: str) -> int:
    return int((await query(dsn, f"SELECT count(*) FROM ledgers.{table}"))[0][0])


# Stored --------------------------------------------------------------------------------------------------------------


async def test_what_was_told_is_in_the_log_with_its_place(log: Log) -> None:
    ledger_id = new_id()
    stored = await log.run(asked(), opening(ledger_id), adding(ledger_id, 5))
    assert stored.streams == (StreamVersion(ledger_id, 1), StreamVersion(ledger_id, 2))
    assert (stored.position, stored.is_repeated) == (2, False)
    records = await log.read(0, 10)
    assert [(r.position, r.version, r.type_name.rpartition(".")[2], r.epoch) for r in records] == [(1, 1, "Opened", 1), (2, 2, "Added", 1)]
    assert {r.recorded_at for r in records} == {stored.recorded_at}
    assert (await log.load(Ledger, ledger_id, TENANT)).total == 5


async def test_several_streams_are_one_unit_with_one_instant(log: Log, ledgers: str) -> None:
    stored = await log.run(asked(), opening(), opening(), opening())
    rows = await query(ledgers, "SELECT count(*), count(DISTINCT recorded_at) FROM ledgers.events")
    assert (rows, stored.position) == ([(3, 1)], 3)


async def test_facts_stand_in_the_order_of_their_changes_whatever_was_loaded_before(log: Log, other_log: Log) -> None:
    strange, known = uuid4(), uuid4()
    await other_log.run(asked(), opening(strange))
    await log.run(asked(), opening(known))
    await log.run(asked(), adding(strange), adding(known))
    assert [record.stream_id for record in await log.read(2, 5)] == [strange, known]


async def test_a_refusal_in_one_change_stores_nothing_of_the_others_and_leaves_no_trace_in_the_cache(log: Log, ledgers: str) -> None:
    first, second = await opened(log), await opened(log)
    await log.run(asked(), shutting(second))
    with pytest.raises(LedgerIsShut):
        await log.run(asked(), adding(first, 5), adding(second, 5))
    assert (await log.load(Ledger, first, TENANT)).total == 0
    assert await is_sound(ledgers, log) == 3


async def test_a_decision_that_breaks_leaves_no_trace(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)

    def breaks(ledger: Ledger) -> None:
        ledger.tell(Added(**ledger.next(), amount=1, note=""))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await log.run(asked(), Change(Ledger, ledger_id, breaks))
    assert (await log.load(Ledger, ledger_id, TENANT)).total == 0
    await log.run(asked(), adding(ledger_id, 2))
    assert await is_sound(ledgers, log) == 2


async def test_a_decision_that_tells_nothing_is_an_answer(log: Log) -> None:
    ledger_id = await opened(log)
    request = asked()
    stored = await log.run(request, opening(ledger_id))
    assert (stored.streams, stored.position) == ((StreamVersion(ledger_id, 1),), 1)
    assert (await log.run(request, opening(ledger_id))).is_repeated


async def test_it_happened_when_the_caller_says_and_was_known_when_it_was_stored(log: Log) -> None:
    happened = datetime(2026, 3, 1, 12, tzinfo=UTC)
    stored = await log.run(asked(occurred_at=happened), opening())
    (record,) = await log.read(0, 1)
    assert log.service.mapper.decode(record.event).timestamp == happened
    assert abs(record.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert record.recorded_at == stored.recorded_at


# Repeated ------------------------------------------------------------------------------------------------------------


async def test_asked_again_the_first_reply_is_given(log: Log, ledgers: str) -> None:
    request = asked()
    first = await log.run(request, opening())
    again = await log.run(request, opening())
    assert again == Stored(first.position, first.recorded_at, first.streams, is_repeated=True)
    assert await count(ledgers, "events") == 1


async def test_asked_again_a_refusal_stays_refused_though_it_would_pass_today(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    await log.run(asked(), shutting(ledger_id))
    request = asked()
    with pytest.raises(LedgerIsShut) as first:
        await log.run(request, adding(ledger_id))
    with pytest.raises(RefusedBefore) as again:
        await log.run(request, opening())
    assert (again.value.reason, again.value.sentence, again.value.facts) == ("LEDGER_IS_SHUT", first.value.sentence, {"total": "0"})
    assert await count(ledgers, "events") == 2


@pytest.mark.parametrize("today", ["unknown", "exists"])
async def test_asked_again_a_success_stays_one_though_it_would_be_refused_today(log: Log, today: str) -> None:
    ledger_id = new_id()
    request = asked()
    first = await log.run(request, opening(ledger_id, "first"))
    change = adding(new_id()) if today == "unknown" else opening(ledger_id, "another")
    assert (await log.run(request, change)).streams == first.streams


async def test_a_request_id_with_another_payload_is_refused_and_stores_nothing(log: Log, ledgers: str) -> None:
    await log.run(asked("r1"), opening())
    with pytest.raises(RequestIdReused):
        await log.run(asked("r1", payload=b"q" * 32), opening())
    assert (await count(ledgers, "events"), await count(ledgers, "commands")) == (1, 1)


async def test_the_same_request_id_of_another_tenant_is_another_request(log: Log) -> None:
    first = await log.run(asked("r1"), opening())
    second = await log.run(asked("r1", tenant=OTHER_TENANT), opening())
    assert not second.is_repeated
    assert first.streams != second.streams


async def test_no_error_but_a_failed_precondition_keeps_its_request(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    for change, refusal in ((adding(new_id()), LedgerIsUnknown), (opening(ledger_id, "another"), LedgerIsOpenAlready)):
        with pytest.raises(refusal):
            await log.run(asked(), change)
    assert await count(ledgers, "commands") == 1


async def test_a_thousand_at_once_with_one_request_id_have_one_effect(log: Log, other_log: Log, ledgers: str) -> None:
    async def ask(i: int) -> Any:
        try:
            return await (log, other_log)[i % 4 // 2].run(asked("r1", payload=b"pq"[i % 2 : i % 2 + 1] * 32), opening())
        except NotStored as lost:
            return lost

    answers = await asyncio.gather(*(ask(i) for i in range(1000)))
    stored = [answer for answer in answers if isinstance(answer, Stored)]
    assert len(stored) == 500
    assert len({(answer.streams, answer.position, answer.recorded_at) for answer in stored}) == 1
    assert sum(not answer.is_repeated for answer in stored) == 1
    assert {type(answer) for answer in answers} == {Stored, RequestIdReused}
    assert (await is_sound(ledgers, log), await count(ledgers, "commands")) == (1, 1)


# Conflict ------------------------------------------------------------------------------------------------------------


async def test_an_old_etag_conflicts_with_the_current_version(log: Log) -> None:
    ledger_id = await opened(log)
    await log.run(asked(etag=1), adding(ledger_id))
    with pytest.raises(Conflict) as conflict:
        await log.run(asked(etag=1), adding(ledger_id))
    assert (conflict.value.stream_id, conflict.value.current_version) == (ledger_id, 2)


async def test_asked_again_with_an_etag_that_is_old_by_now_the_first_reply_is_given(log: Log) -> None:
    ledger_id = await opened(log)
    request = asked(etag=1)
    first = await log.run(request, adding(ledger_id))
    assert (await log.run(request, adding(ledger_id))).streams == first.streams


async def test_an_etag_that_another_replica_gave_is_right_here_too(log: Log, other_log: Log) -> None:
    ledger_id = await opened(log)
    await other_log.run(asked(), adding(ledger_id))
    assert (await log.run(asked(etag=2), adding(ledger_id))).streams[0].version == 3


async def test_an_etag_old_everywhere_conflicts_with_the_version_of_the_store(log: Log, other_log: Log) -> None:
    ledger_id = await opened(log)
    await other_log.run(asked(), adding(ledger_id))
    await other_log.run(asked(), adding(ledger_id))
    with pytest.raises(Conflict) as conflict:
        await log.run(asked(etag=1), adding(ledger_id))
    assert conflict.value.current_version == 3


async def test_without_an_etag_it_is_decided_again(log: Log, other_log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)

    async def adds(some: Log) -> None:
        for _ in range(20):
            await some.run(asked(), adding(ledger_id))

    await asyncio.gather(adds(log), adds(other_log))
    assert [(await some.load(Ledger, ledger_id, TENANT)).total for some in (log, other_log)] == [40, 40]
    assert await is_sound(ledgers, log) == 41


# A stale replica -----------------------------------------------------------------------------------------------------


async def test_a_stale_replica_never_refuses_wrongly(log: Log, other_log: Log) -> None:
    """`other_log` knows the ledger as open, then as shut under another decision; neither counts against the store."""
    ledger_id = new_id()
    with pytest.raises(LedgerIsUnknown):
        await other_log.run(asked(), adding(ledger_id))
    await log.run(asked(), opening(ledger_id))
    assert (await other_log.run(asked(), adding(ledger_id))).streams[0].version == 2
    await log.run(asked(), shutting(ledger_id))
    with pytest.raises(LedgerIsShut):
        await other_log.run(asked(), adding(ledger_id))


async def test_a_stale_replica_never_refuses_a_heard_fact_wrongly(log: Log, other_log: Log) -> None:
    first, second = await opened(log), await opened(log)

    def doubles(ledger: Ledger) -> None:
        if ledger.total == 0:
            raise LedgerIsShut
        ledger.tell(Added(**ledger.next(), amount=ledger.total, note=""))

    await other_log.run(asked(), opening(first))  # in its cache now, with nothing added
    await log.run(asked(), adding(first, 3))
    await other_log.run_heard(up_to(0, 7), [(heard(), [Change(Ledger, first, doubles)])])
    assert (await log.load(Ledger, first, TENANT)).total == 6
    with pytest.raises(LedgerIsShut):
        await other_log.run_heard(up_to(7, 8), [(heard(), [Change(Ledger, second, doubles)])])


async def test_a_stale_replica_never_looks_at_an_old_given_stream(log: Log, other_log: Log) -> None:
    ledger_id, looked_at = await opened(log), await opened(log)
    await other_log.run(asked(), adding(ledger_id, given=(looked_at,)))
    await log.run(asked(), shutting(looked_at))
    with pytest.raises(LedgerIsShut):
        await other_log.run(asked(), adding(ledger_id, given=(looked_at,)))


async def test_a_stream_may_be_given_and_changed_in_one_run(log: Log) -> None:
    first, second = await opened(log), await opened(log)
    stored = await log.run(asked(), adding(first, given=(second,)), adding(second, given=(first,)))
    assert [stream.version for stream in stored.streams] == [2, 2]
