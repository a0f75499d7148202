"""A batch: a bad unit is dropped alone, a full queue says so, and the log's order holds whoever loses."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.ids import new_id
from services.chassis.log.connections import WRITER_PLANS, dsn_as
from services.chassis.log.log import Log
from services.chassis.log.units import (
    LogIsBusy,
    NotStored,
    Stored,
    Unit,
    UnitIsBad,
)
from services.chassis.log.writer import Writer
from tests.chassis.log.ledgers import (
    LedgerIsUnknown,
    adding,
    asked,
    is_sound,
    named,
    opened,
    opening,
    query,
)


async def count(dsn: str, table: str) -> int:
    return int((await query(dsn, f"SELECT count(*) FROM ledgers.{table}"))[0][0])


# Bad units, full queues ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", ["x" * 70_000, "nul \x00 is fine in protobuf"])
async def test_a_bad_unit_is_dropped_alone(log: Log, ledgers: str, note: str) -> None:
    streams = [await opened(log) for _ in range(20)]
    notes = [note if i == 7 else "" for i in range(20)]
    answers = await asyncio.gather(
        *(log.run(asked(), adding(stream, note=text)) for stream, text in zip(streams, notes, strict=True)), return_exceptions=True
    )
    bad = [i for i, answer in enumerate(answers) if isinstance(answer, UnitIsBad)]
    assert bad == ([7] if len(note) > 65_536 else [])
    assert all(isinstance(answer, Stored) for i, answer in enumerate(answers) if i not in bad)
    await is_sound(ledgers, log)


async def test_a_request_id_the_store_cannot_hold_is_dropped_alone(log: Log, ledgers: str) -> None:
    requests = [asked("nul\x00" if i == 3 else None) for i in range(10)]
    answers = await asyncio.gather(*(log.run(request, opening()) for request in requests), return_exceptions=True)
    assert [i for i, answer in enumerate(answers) if isinstance(answer, UnitIsBad)] == [3]
    assert await is_sound(ledgers, log) == 9


async def test_a_full_queue_says_so_and_loses_nothing(log: Log, ledgers: str) -> None:
    writer = Writer(dsn_as(ledgers, "ledgers_writer", *WRITER_PLANS), "ledgers", False)
    await writer.start()
    units = [Unit(asked(), (), reply=b"kept") for _ in range(6000)]
    answers = await asyncio.gather(*(writer.append(unit, 10.0) for unit in units), return_exceptions=True)
    await writer.stop()
    busy = sum(isinstance(answer, LogIsBusy) for answer in answers)
    assert 0 < busy < 6000
    assert await count(ledgers, "commands") == 6000 - busy


# The order of the log ------------------------------------------------------------------------------------------------


async def test_positions_are_dense_and_times_never_go_back_whoever_loses(log: Log, other_log: Log, ledgers: str) -> None:
    streams = [await opened(log) for _ in range(5)]

    async def many(some: Log, worker: int) -> None:
        for i in range(30):
            change = (adding(streams[(worker + i) % 5]), opening(claims=(named(f"{worker % 3}-{i}"),)), adding(new_id()))[i % 3]
            try:
                await some.run(asked(f"{worker % 4}-{i}"), change)
            except (NotStored, LedgerIsUnknown):
                continue

    await asyncio.gather(*(many((log, other_log)[worker % 2], worker) for worker in range(12)))
    await is_sound(ledgers, log)


async def test_a_head_is_true_for_ever(log: Log, other_log: Log) -> None:
    """Nothing is recorded at or before `complete_through` once it was said."""
    heads = []

    async def write() -> None:
        for _ in range(60):
            await other_log.run(asked(), opening())

    async def look() -> None:
        for _ in range(40):
            heads.append(await log.head())
            await asyncio.sleep(0.002)

    await asyncio.gather(write(), write(), look())
    records = await log.read(0, 1000)
    for head in heads:
        assert all((record.position <= head.position) == (record.recorded_at <= head.complete_through) for record in records)


async def test_whoever_waits_for_news_is_woken(log: Log) -> None:
    woken = []
    log.on_appended(lambda: woken.append(1))
    ledger_id = await opened(log)
    await log.run(asked(), opening(ledger_id))
    assert len(woken) == 1
