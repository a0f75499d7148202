"""Case files: what cases tells is taken in once, and a hold is noted, obeyed and told in one unit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import EventMeta, Money

from services.chassis.heard import Heard
from services.contacts.domain import casefile, heeding
from services.contacts.domain.casefile import CaseFile, ContactMade, HoldHeeded
from services.contacts.domain.channels import Channel
from services.contacts.domain.heeding import Stopping
from services.contacts.domain.person import Person
from tests.services.contacts.hearing import NOON, THE_CASE, THE_CLIENT, THE_DEBT, Hearing, debt, on, party, placed, registered, terms
from tests.services.contacts.people_service import TENANT, Running, somebody

TODAY, HOLD = date(2026, 1, 15), UUID(int=77)


async def the_file(people: Running) -> CaseFile:
    return await people.log.fold(CaseFile, casefile.stream_of(THE_CASE), TENANT)


async def told(people: Running, kind: type[Any]) -> list[Any]:
    records = await people.log.read_stream(casefile.stream_of(THE_CASE), TENANT)
    facts = [people.log.service.mapper.decode(record.event) for record in records]
    return [fact for fact in facts if isinstance(fact, kind)]


async def test_a_file_follows_its_case(people: Running) -> None:
    hearing = Hearing(people.log)
    ana, luis = UUID(int=1), UUID(int=2)
    await hearing.hear(
        registered(),
        party(ana),
        party(luis, types.PARTY_ROLE_GUARANTOR),
        debt(),
        cases.PartyRoleChanged(person_id=luis.bytes, to=types.PARTY_ROLE_DEBTOR, **{"from": types.PARTY_ROLE_GUARANTOR}),
        cases.PartyRemoved(person_id=ana.bytes, reason_code="DIED"),
        cases.CaseTermsChanged(terms=terms("Atlantic/Canary"), effective_from=on(date(2026, 2, 1))),
        cases.DebtDetached(debt_id=THE_DEBT.bytes, reason_code="SOLD", value_date=on(TODAY)),
        cases.CaseClosed(outcome=types.CLOSE_OUTCOME_PAID_IN_FULL),
    )

    file = await the_file(people)
    assert (file.case_id, file.client_id, file.external_ref) == (THE_CASE, THE_CLIENT, "ref-1")
    assert file.parties == {luis: "DEBTOR"}
    assert (file.debts, file.is_closed) == ({}, True)
    assert [file.terms_at(at).zone for at in (NOON, NOON + timedelta(days=20))] == ["Europe/Madrid", "Atlantic/Canary"]
    await hearing.hear(cases.CaseReopened(reason=types.REOPEN_REASON_CLIENT_REQUEST))
    assert not (await the_file(people)).is_closed


async def test_what_is_heard_twice_is_told_once(people: Running) -> None:
    hearing = Hearing(people.log)
    facts = [registered(), party(UUID(int=1)), debt(), placed(HOLD, TODAY)]
    heard = [Heard(fact, EventMeta(tenant_id=TENANT, stream_id=THE_CASE.bytes, version=i + 1), i, NOON) for i, fact in enumerate(facts)]
    for one in heard:
        await hearing.take_in([one])
    before = (await the_file(people)).version
    for one in heard:
        await hearing.take_in([one])
    assert (await the_file(people)).version == before


@pytest.mark.parametrize(
    ("hold", "stopped"),
    [
        (placed(HOLD, TODAY), True),
        (placed(HOLD, TODAY, TODAY), True),
        (placed(HOLD, date(2026, 1, 16)), False),
        (placed(HOLD, date(2026, 1, 1), date(2026, 1, 14)), False),
        (placed(HOLD, TODAY, scopes=("INTEREST",)), False),
        (placed(HOLD, TODAY, debt_id=THE_DEBT.bytes), True),
        (placed(HOLD, TODAY, debt_id=THE_DEBT.bytes, amount=Money(currency_code="EUR", minor_units=1)), False),
        (placed(HOLD, TODAY, debt_id=UUID(int=99).bytes), False),
    ],
)
async def test_a_hold_stops_contact_on_its_days_for_what_it_is_of(people: Running, hold: cases.HoldPlaced, stopped: bool) -> None:
    """The case has one debt: where that is held, nothing is left to be spoken of."""
    await Hearing(people.log).hear(registered(), debt(), hold)
    file = await the_file(people)
    assert bool(file.stopped_at(NOON)) is stopped
    assert [fact.hold_id for fact in await told(people, HoldHeeded)] == [HOLD]


async def test_days_of_a_hold_begin_and_end_at_the_portfolio_s_midnight(people: Running) -> None:
    await Hearing(people.log).hear(registered(), debt(), placed(HOLD, TODAY, TODAY))
    file = await the_file(people)
    ends = [datetime.fromisoformat(f"2026-01-{text}+00:00") for text in ("14T22:59:59", "14T23:00:00", "15T22:59:59", "15T23:00:00")]
    assert [bool(file.stopped_at(at)) for at in ends] == [False, True, True, False]


async def test_a_lifted_hold_stops_nothing_and_an_extension_makes_it_hold_again(people: Running) -> None:
    hearing = Hearing(people.log)
    await hearing.hear(registered(), debt(), placed(HOLD, TODAY, TODAY), cases.HoldLifted(hold_id=HOLD.bytes, effective_on=on(TODAY)))
    assert not (await the_file(people)).stopped_at(NOON)
    await hearing.hear(placed(UUID(int=78), date(2026, 1, 1), date(2026, 1, 10)))
    assert not (await the_file(people)).stopped_at(NOON)
    await hearing.hear(cases.HoldExtended(hold_id=UUID(int=78).bytes, before=on(date(2026, 1, 10)), through=on(date(2026, 1, 31))))
    assert (await the_file(people)).stopped_at(NOON) == (UUID(int=78),)


class Desk:
    """A region with permits, as far as holds look at it."""

    def __init__(self) -> None:
        self.revoked: list[tuple[UUID, UUID, UUID]] = []

    def revoke(self, person: Person, case_id: UUID, hold_id: UUID) -> None:
        self.revoked.append((person.id, case_id, hold_id))

    def revoked_by(self, person: Person, hold_id: UUID) -> tuple[UUID, ...]:
        return tuple(person_id for person_id, _, hold in self.revoked if (person_id, hold) == (person.id, hold_id))

    def made_between(self, person: Person, case_id: UUID, since: datetime, until: datetime) -> tuple[ContactMade, ...]:
        return (ContactMade(person.id, since, Channel.EMAIL),)


async def test_a_hold_reaches_the_person_that_a_party_has_become(people: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was permitted is revoked in the unit that tells HoldHeeded; a party that was never registered is passed over."""
    desk = Desk()
    monkeypatch.setattr(heeding, "STOPS", (Stopping(desk.revoke, desk.revoked_by, desk.made_between),))
    caller = people.as_()
    stays, goes = [(await caller.RegisterPerson(person=somebody(name=name))).person_id for name in ("Stays", "Goes")]
    await people.as_("supervisor").MergePersons(person_id=stays, other_person_id=goes, reason_code="REVIEWED")
    hearing = Hearing(people.log)
    await hearing.hear(registered(), debt(), party(goes), party(stays, types.PARTY_ROLE_GUARANTOR), party(UUID(int=99)))

    await hearing.hear(placed(HOLD, TODAY), at=NOON - timedelta(seconds=3))

    assert desk.revoked == [(UUID(stays), THE_CASE, HOLD)]
    (heeded,) = await told(people, HoldHeeded)
    assert (heeded.permits_revoked, heeded.origin.version) == ((UUID(stays),), 6)
    assert heeded.contacts_between == (ContactMade(UUID(stays), NOON - timedelta(seconds=3), Channel.EMAIL),)
    records = await people.log.read_stream(casefile.stream_of(THE_CASE), TENANT)
    assert records[-1].type_name.endswith("HoldHeeded")
    assert [each.person_id for each in (await people.as_("agent").FindPersons(case_id=str(THE_CASE))).persons] == [stays]
    file = await people.as_("agent").GetCaseFile(case_id=str(THE_CASE))
    assert [(hold.is_heeded, hold.kind) for hold in file.holds] == [(True, "DISPUTE")]
    assert file.is_stopped
    assert {(each.person_id, each.living_person_id) for each in file.parties} == {
        (goes, stays),
        (stays, stays),
        (str(UUID(int=99)), str(UUID(int=99))),
    }


async def test_a_hold_that_does_not_stop_contact_now_revokes_nothing(people: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(heeding, "STOPS", (Stopping(desk.revoke, desk.revoked_by, desk.made_between),))
    person_id = (await people.as_().RegisterPerson(person=somebody())).person_id
    await Hearing(people.log).hear(registered(), debt(), party(person_id), placed(HOLD, TODAY, scopes=("DPD",)))
    (heeded,) = await told(people, HoldHeeded)
    assert (desk.revoked, heeded.permits_revoked, heeded.contacts_between) == ([], (), ())


# A person's cases -----------------------------------------------------------------------------------------------------


async def test_a_person_is_found_with_all_its_cases_and_each_client_s_own_are_its_own(people: Running) -> None:
    """Golden 21's person part: one human being, two portfolios of two clients."""
    caller, agent, hearing = people.as_(), people.as_("agent"), Hearing(people.log)
    bank, telco = UUID(int=31), UUID(int=32)
    one = await caller.RegisterPerson(person=somebody(number="12345678Z", client_id=str(bank), client_ref="B-1"))
    two = await caller.RegisterPerson(person=somebody(number="12345678Z", client_id=str(telco), client_ref="T-1", phone="+12025550123"))
    first, second = UUID(int=41), UUID(int=42)
    await hearing.hear(registered(bank, "B-1"), party(one.person_id), debt(), of=first)
    await hearing.hear(
        registered(telco, "T-1"), party(two.person_id), cases.CaseClosed(outcome=types.CLOSE_OUTCOME_PAID_IN_FULL), of=second
    )
    at = (await people.log.head()).position

    (found,) = (await agent.FindPersons(phone="+12025550123", min_position=at)).persons
    assert [(each.case_id, each.client_id, each.external_ref, each.role, each.is_closed) for each in found.cases] == [
        (str(first), str(bank), "B-1", "DEBTOR", False),
        (str(second), str(telco), "T-1", "DEBTOR", True),
    ]
    assert [each.person_id for each in (await agent.FindPersons(case_id=str(second))).persons] == [one.person_id]
    limited = people.as_("agent", "client", client_ids=[str(bank)])
    (theirs,) = (await limited.FindPersons(phone="+12025550123")).persons
    assert [each.client_id for each in theirs.cases] == [str(bank)]
    other = people.as_("agent", "client", client_ids=[str(UUID(int=33))])
    assert not (await other.FindPersons(phone="+12025550123")).persons
