"""Reactions that look first: at everything heard before, and again where what they saw is no longer so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.chassis.heard import Heard, Look, Looking
from services.chassis.log.log import Log
from services.kernel.facts import Causation, Change
from tests.chassis.follower.tales import (
    LISTENER,
    TALES,
    TELLER,
    TENANT,
    Direct,
    Echo,
    Echoed,
    House,
    WordIsUnfit,
    echo_of,
    eventually,
    say,
    tales,
    tell,
)


def only_where(heard: Heard[Any], expected: int) -> Change[Echo]:
    """Echo how many were heard before, if that is still so."""

    def decide(echo: Echo) -> None:
        if len(echo.heard) != expected:
            raise WordIsUnfit
        echo.tell(Echoed(**echo.next(), word=str(expected), origin=heard.origin))

    return Change(Echo, echo_of(heard.stream_id), decide)


async def test_it_sees_what_the_facts_before_it_have_left(house: House) -> None:
    async def count(heard: Heard[Any], look: Look) -> Iterable[Change[Echo]]:
        return [only_where(heard, len((await look(Echo, echo_of(heard.stream_id))).heard))]

    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await tell(teller, *[(tale, "a")] * 6)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), {TALES["Told"]: Looking(count)})

    async def is_heard() -> bool:
        return len((await listener.load(Echo, echo_of(tale), TENANT)).heard) == 6

    await eventually(is_heard)
    assert (await house.echoes([tale], listener))[tale] == [(version, str(version - 1)) for version in range(1, 7)]


async def test_it_looks_again_where_somebody_was_quicker(house: House) -> None:
    teller, listener, other, (tale,) = await house.log(TELLER), await house.log(LISTENER), await house.log(LISTENER), tales(1)
    looked: list[int] = []

    async def count(heard: Heard[Any], look: Look) -> Iterable[Change[Echo]]:
        seen = len((await look(Echo, echo_of(heard.stream_id))).heard)
        if not looked:
            await somebody_says(other, heard.origin)
        looked.append(seen)
        return [only_where(heard, seen)]

    async def somebody_says(log: Log, origin: Causation) -> None:
        await say(log, echo_of(origin.stream_id), "meanwhile")

    await tell(teller, (tale, "a"))
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), {TALES["Told"]: Looking(count)})

    async def is_heard() -> bool:
        return len((await other.load(Echo, echo_of(tale), TENANT)).heard) == 2

    await eventually(is_heard)
    assert looked == [0, 1]
    assert [word for _, word in (await house.echoes([tale], other))[tale]] == ["meanwhile", "1"]
    assert await house.query("echoes", "SELECT count(*) FROM refused_facts") == [(0,)]
