"""State: from the tables alone, how far everybody is, and whether all is quiet."""

from __future__ import annotations

from services.chassis.follower.marks import connect
from services.chassis.follower.state import FollowerState, followers_state, is_quiet
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, eventually, tales, tell


async def states(house: House, service: str) -> list[FollowerState]:
    async with await connect(house.dsn, service, autocommit=True) as connection:
        return await followers_state(connection)


async def test_a_listener_has_heard_all_when_it_is_where_the_relay_is_in_each_partition(house: House) -> None:
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    await tell(teller, *[(tale, "a") for tale in tales(20)])

    async def has_heard_all() -> bool:
        told = {state.partition: state.position for state in await states(house, "tales") if state.follower == "relay"}
        heard = {state.partition: state.position for state in await states(house, "echoes") if state.source == "tales"}
        return len(told) == PARTITIONS and told == heard

    await eventually(has_heard_all)

    async def is_complete() -> bool:
        return all(state.complete_through is not None and state.is_caught_up for state in await states(house, "echoes"))

    await eventually(is_complete)
    async with await connect(house.dsn, "tales", autocommit=True) as connection:
        assert await is_quiet(connection, await teller.now())


async def test_it_is_not_quiet_while_the_relay_is_behind(house: House) -> None:
    teller = await house.log(TELLER)
    relay = await house.relay(teller)
    await tell(teller, *[(tale, "a") for tale in tales(8)])

    async def quiet() -> bool:
        async with await connect(house.dsn, "tales", autocommit=True) as connection:
            return await is_quiet(connection, await teller.now())

    await eventually(quiet)
    await relay.stop()
    await tell(teller, *[(tale, "b") for tale in tales(3)])

    assert not await quiet()
