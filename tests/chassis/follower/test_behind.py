"""A follower that stays behind another one hears a fact only when the other has heard everything before it, in every partition."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.chassis.follower.behind import Reached
from services.chassis.follower.record import Received, partition_of
from services.chassis.heard import Heard
from services.chassis.log.units import OutcomeUnknown
from services.kernel.facts import Change
from tests.chassis.follower.tales import (
    ECHO,
    LISTENER,
    PARTITIONS,
    TALES,
    TELLER,
    TENANT,
    Direct,
    Echo,
    Echoed,
    Fragile,
    House,
    Whispered,
    by,
    eventually,
    tales,
    tell,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRETS = UUID(int=77)


def keep_secret(heard: Heard[Any]) -> Iterable[Change[Echo]]:
    yield Change(Echo, SECRETS, lambda echo: echo.tell(Echoed(**echo.next(), word=heard.fact.word, origin=heard.origin)))


WHISPERS = {TALES["Whispered"]: keep_secret}


async def secrets(log: Any) -> list[str]:
    return [word for _, word in (await log.fold(Echo, SECRETS, TENANT)).heard]


class Gate:
    """Keeps one partition of one follower from being stored."""

    def __init__(self, log: Any, partition: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_closed, run_heard = True, log.run_heard

        async def held_up(up_to: Any, decisions: Any) -> Any:
            if self.is_closed and (up_to.follower, up_to.partition) == ("reactions", partition):
                raise OutcomeUnknown
            return await run_heard(up_to, decisions)

        monkeypatch.setattr(log, "run_heard", held_up)


async def test_what_stays_behind_waits_for_every_partition_and_not_only_for_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    (slow,), (quick,) = tales(1, on_partition=1), tales(1, on_partition=2)
    gate = Gate(listener, 1, monkeypatch)
    await house.relay(teller)
    ahead = await house.reactions(listener, Direct(teller), ECHO)
    await house.reactions(listener, Direct(teller), WHISPERS, follower="evidence", behind="reactions")
    assert not ahead.is_muted(1)

    await tell(teller, (slow, "told before"))
    await tell(teller, (quick, "nothing more will come"), kind=Whispered)

    await asyncio.sleep(1.5)  # long enough for heads, and for what was told on the other partitions
    assert await secrets(listener) == []

    gate.is_closed = False

    async def is_heard() -> bool:
        return await secrets(listener) == ["nothing more will come"]

    await eventually(is_heard)
    assert (await house.echoes([slow], listener))[slow] == [(1, "told before")]


async def test_what_the_other_one_has_set_aside_is_waited_for_too(house: House) -> None:
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    (poisoned, before, after) = (tales(1, on_partition=partition)[0] for partition in (0, 1, 2))
    fragile = Fragile({"poison"})
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), by(fragile))
    await house.reactions(listener, Direct(teller), WHISPERS, follower="evidence", behind="reactions")

    await tell(teller, (before, "early"), kind=Whispered)
    await tell(teller, (poisoned, "poison"))
    await tell(teller, (after, "late"), kind=Whispered)

    async def early_is_heard() -> bool:
        return await secrets(listener) == ["early"]

    async def is_parked() -> bool:
        return bool(await house.query("echoes", "SELECT position FROM parked"))

    await eventually(early_is_heard)
    await eventually(is_parked)
    await asyncio.sleep(1.0)
    assert await secrets(listener) == ["early"]

    fragile.breaks_on.clear()
    await house.query("echoes", "UPDATE parked SET retry = true")

    async def late_is_heard() -> bool:
        return await secrets(listener) == ["early", "late"]

    await eventually(late_is_heard)


async def test_what_nobody_reacts_to_passes_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that who stays behind is no lag that others would wait for."""
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    gate = Gate(listener, 1, monkeypatch)
    (slow,), (quick,) = tales(1, on_partition=1), tales(1, on_partition=2)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), ECHO)
    await house.reactions(listener, Direct(teller), WHISPERS, follower="evidence", behind="reactions")
    await tell(teller, (slow, "a"), (quick, "b"))

    async def has_passed() -> bool:
        rows = await house.query("echoes", "SELECT sum(position) FROM positions WHERE follower = 'evidence'")
        return bool(rows[0][0] == 3)

    await eventually(has_passed)
    assert gate.is_closed


def received(position: int, recorded_at: datetime) -> Received:
    key = uuid4()
    return Received(1, partition_of(key, PARTITIONS), position, 0, "x", key, b"", recorded_at, "")


def test_how_far_the_other_one_is_decides() -> None:
    here = Reached(has_gone_over=False, complete_through=NOON, parked_from=5)
    assert here.is_past(received(4, NOON))
    assert here.is_past(received(5, NOON))
    assert not here.is_past(received(6, NOON))
    assert not here.is_past(received(4, NOON + timedelta(microseconds=1)))
    assert not Reached(has_gone_over=False, complete_through=None, parked_from=None).is_past(received(1, NOON))
    assert Reached(has_gone_over=True, complete_through=None, parked_from=None).is_past(received(1, NOON))
    assert not Reached(has_gone_over=True, complete_through=None, parked_from=0).is_past(received(1, NOON))
