"""Many who ask at once, of two replicas on one database: no limit is ever exceeded, and every answer is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import Conflict
from services.contacts.application import permits as verbs
from services.contacts.card import CONTACTS
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.permit_book import PermitState
from services.contacts.domain.permitting import PermitAsked
from services.contacts.domain.person import Person
from tests.services.contacts.permits_service import TENANT, Running

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
LIMIT = 3
"""Calls a day of one person, whoever they are for (es-house)."""


async def ask_and_use(log: Log, person_id: UUID, case_id: UUID, chance: Random) -> str:
    """One worker's turn: a permit, and what becomes of it."""
    asked = PermitAsked(uuid4(), case_id, Channel.CALL, Purpose.COLLECTION, cli_type="900", valid_for=timedelta(hours=1))
    try:
        await log.run(command(), verbs.request_permit(TENANT, person_id, asked))
        answered = (await log.load(Person, person_id, TENANT)).permits.by_id.get(asked.permit_id)
        if answered is None:
            return "no"
        if chance.random() < 0.3:
            await log.run(command(), verbs.release_permit(person_id, asked.permit_id, "NOT_USED"))
            return "released"
        await log.run(command(), verbs.consume_permit(TENANT, person_id, case_id, asked.permit_id, uuid4()))
    except Conflict:
        return "conflict"  # two replicas that do not come to terms: nothing is stored, whoever asked asks again
    return "used"


def command() -> Command:
    request_id = str(uuid4())
    return Command(TENANT, "dialer", "test", request_id, bytes(32), Actor("SYSTEM", "dialer"))


def most_at_once(person: Person) -> int:
    """Contacts made, and permits that are open or were used."""
    return sum(permit.state in (PermitState.OPEN, PermitState.CONSUMED) for permit in person.permits.by_id.values())


async def run_workers(logs: Sequence[Log], cases: dict[UUID, list[UUID]], workers: int, turns: int) -> Counter[str]:
    async def work(number: int) -> list[str]:
        chance = Random(number)
        return [
            await ask_and_use(logs[number % len(logs)], person, chance.choice(cases[person]), chance)
            for person in chance.choices(list(cases), k=turns)
        ]

    found: Counter[str] = Counter()
    for outcomes in await asyncio.gather(*(work(number) for number in range(workers))):
        found.update(outcomes)
    return found


async def check(permits: Running, workers: int, turns: int, people: int) -> None:
    await permits.use("es-house")
    cases: dict[UUID, list[UUID]] = {}
    for _ in range(people):
        person = await permits.a_person()
        cases[person] = [await permits.a_case(person), await permits.a_case(person)]
    async with AsyncExitStack() as stack:
        other = Log(permits.log.dsn, CONTACTS, b"c" * 32, partitions=4)
        other.clock = permits.clock
        await other.start()
        stack.push_async_callback(other.stop)
        found = await run_workers([permits.log, other], cases, workers, turns)
    assert found["no"] > 0
    assert found["used"] > 0
    for person_id in cases:
        person = await permits.log.fold(Person, person_id, TENANT)
        assert most_at_once(person) <= LIMIT
        allowed = 0
        for record in await permits.log.read_stream(person_id, TENANT):
            # At no instant of the history were there more.
            kind = record.type_name.rpartition(".")[2]
            allowed += {"ContactPermitGranted": 1, "ContactPermitReleased": -1, "ContactPermitRevoked": -1, "ContactPermitExpired": -1}.get(
                kind, 0
            )
            assert allowed <= LIMIT


async def test_no_limit_is_exceeded_by_many_who_ask_two_replicas_at_once(permits: Running) -> None:
    await check(permits, workers=32, turns=4, people=6)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_no_limit_is_exceeded_by_sixty_four_workers(permits: Running) -> None:
    await check(permits, workers=64, turns=100, people=50)
