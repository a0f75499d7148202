"""Who holds a number, on a real database: whatever is registered, merged and un-merged at once, a number leads to one living person."""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import grpc
import pytest

from services.contacts.application.people import living
from services.contacts.domain.person import Person
from tests.services.contacts.people_service import TENANT, Caller, Running, somebody

NUMBERS = [f"{number:08}X" for number in range(1, 7)]
STEPS, AT_ONCE = 25, 4
MAY_BE_REFUSED = {
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.ALREADY_EXISTS,
}


@pytest.mark.parametrize("seed", [pytest.param(1), pytest.param(2, marks=pytest.mark.long)])
async def test_a_number_leads_to_one_living_person_whatever_happens_at_once(people: Running, seed: int) -> None:
    chance, caller = Random(seed), people.as_("supervisor", "operator")
    persons = [(await caller.RegisterPerson(person=somebody(number=number))).person_id for number in NUMBERS]
    for _ in range(STEPS):
        await asyncio.gather(*(step(people, chance, persons) for _ in range(AT_ONCE)))
    await every_number_leads_to_whom_it_is_of(people, persons)
    for number in NUMBERS:
        came = await caller.RegisterPerson(person=somebody(number=number))
        assert came.is_known


async def step(people: Running, chance: Random, persons: list[str]) -> None:
    caller = people.as_("supervisor", "operator", subject=f"clerk-{chance.random()}")
    one, other = chance.sample(persons, 2)
    match chance.choice(("register", "merge", "merge", "unmerge", "unmerge")):
        case "register":
            await tried(
                caller.RegisterPerson(person=somebody(number=chance.choice(NUMBERS), phone=f"+1202555{chance.randrange(100, 120):04}"))
            )
        case "merge":
            await tried(caller.MergePersons(person_id=one, other_person_id=other, reason_code="REVIEWED"))
        case _:
            await unmerge_something(people, caller, one)


async def unmerge_something(people: Running, caller: Caller, person_id: str) -> None:
    person = await people.log.load(Person, UUID(person_id), TENANT)
    into = person.merging.into
    if into is not None:
        await tried(caller.UnmergePersons(person_id=str(into), other_person_id=person_id, reason_code="MISTAKEN"))


async def tried(call: Any) -> None:
    """Done, or refused by a rule."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        if error.code() not in MAY_BE_REFUSED:
            raise


async def every_number_leads_to_whom_it_is_of(people: Running, persons: list[str]) -> None:
    seen: list[str] = []
    for person_id in persons:
        person = await people.log.fold(Person, UUID(person_id), TENANT)
        if person.merging.into is not None:
            continue
        for each in person.identity.identifiers.values():
            value = await people.seals.open(TENANT, each.person_id, each.field, each.value)
            assert value is not None
            (holder,) = (await people.log.claimed(TENANT, "national-id", [f"ES/NIF/{value}"])).values()
            assert (await living(partial(look, people), holder)).id == person.id
            seen.append(value)
    assert sorted(seen) == sorted(NUMBERS)


async def look(people: Running, stream: Any, stream_id: UUID) -> Any:
    return await people.log.load(stream, stream_id, TENANT)
