"""Golden scenarios of permits through all four services: one person, whoever asks and for whom, under laws that are data."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.common.v1.log_pb2 import ReplayRequest
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import persons_pb2 as persons
from acuerdo.contacts.v1 import types_pb2 as words
from holidays import country_holidays

from clients.cli.connection import Doors
from clients.cli.stepping import settle, stamp
from tests.acceptance.house import House
from tests.acceptance.worlds import World, a_limit, a_pack, a_world, codes, rules, wanted

TENANT = "loop-contacts"
PACKS = Path(__file__).resolve().parents[2] / "data" / "packs"
GRANTED, DENIED = permits.PERMIT_ANSWER_GRANTED, permits.PERMIT_ANSWER_DENIED
A_CALL = "{name: a call, ask: {at: '2005-05-03T12:00:00+02:00', channel: call}, expect: {verdict: allow}}"
ONE_A_DAY = a_pack("one-a-day", "ES", a_limit("ONE.A.DAY", days=1), vector=A_CALL)
HOURS = (
    "{id: BY.DAY, primitive: time_windows, effect: prohibit, basis: house_policy, cite: 'house: by day', channels: [any], "
    "at: send_time, params: {windows: {mon-sun: ['08:00-21:00']}, holidays: open}}"
)
BY_DAY = a_pack("by-day", "ES", HOURS, vector=A_CALL)
MONDAY, SATURDAY = 1, 6


async def test_of_two_dialers_and_a_bot_that_ask_at_once_one_is_granted(house: House) -> None:
    """Golden scenario 5: a limit of one a day, and nobody waits for anybody."""
    async with a_world(house, f"{TENANT}-5") as world:
        await world.use_pack(ONE_A_DAY, "one-a-day")
        dialers = [await world.as_(name, "agency", client_ids=[world.client_id]) for name in ("dialer-1", "dialer-2")]
        bot = await world.as_("bot", "system")
        for number in range(3):
            person_id = await world.a_person(f"person-{number}")
            case_id = await world.a_case(f"case-{number}", person_id)
            answers = await asyncio.gather(
                *(world.ask(wanted(person_id, case_id), by=dialer) for dialer in dialers),
                world.ask(wanted(person_id, case_id, words.CHANNEL_CHAT), by=bot),
            )
            assert sorted(answer.answer for answer in answers) == [GRANTED, DENIED, DENIED]
            for denied in (answer for answer in answers if answer.answer == DENIED):
                assert (rules(denied), codes(denied)) == (["ONE.A.DAY"], ["COUNT_EXCEEDED"])
                assert denied.next_allowed_at.ToDatetime(UTC) == midnight_after(await world.now())


async def test_a_person_of_two_clients_is_called_once_and_neither_learns_of_the_other(house: House) -> None:
    """Golden scenario 21."""
    async with a_world(house, f"{TENANT}-21") as world:
        await world.use_pack(ONE_A_DAY, "one-a-day")
        other_client, other_portfolio = await world.a_portfolio("second")
        person_id = await world.a_person()
        first = await world.a_case("first", person_id)
        second = await world.a_case("second", person_id, other_portfolio)
        await world.contact_made(wanted(person_id, first))
        denied = await world.ask(wanted(person_id, second))
        assert (denied.answer, codes(denied)) == (DENIED, ["COUNT_EXCEEDED"])
        await settle(world.doors)

        theirs = await world.timeline(second)
        told = b"".join((denied.decision.SerializeToString(), *(row.event.SerializeToString() for row in theirs)))
        for name in (first, world.client_id, world.portfolio_id):
            assert UUID(name).bytes not in told
            assert name.encode() not in told
        [answer] = [row for row in theirs if row.type == "PermitRecorded"]
        assert answer.event.permit_recorded.verdict == recorded.PERMIT_VERDICT_DENIED
        assert [row for row in await world.timeline(first) if row.event.permit_recorded.permit_id == UUID(denied.permit_id).bytes] == []
        client = await world.as_("client", "client", client_ids=[other_client])
        assert await read_by(client, first) == set()
        assert await read_by(client, second) >= {"CaseRegistered", "PermitRecorded"}


async def test_a_call_that_nobody_permitted_is_a_breach_that_counts(house: House) -> None:
    """Golden scenario 23: an agency says so itself."""
    async with a_world(house, f"{TENANT}-23") as world:
        await world.use_pack(ONE_A_DAY, "one-a-day")
        person_id = await world.a_person()
        case_id = await world.a_case("case", person_id)
        agency = await world.as_("agency-north", "agency", client_ids=[world.client_id])
        attempt = permits.AttemptReport(
            person_id=person_id,
            case_id=case_id,
            channel=words.CHANNEL_CALL,
            direction=words.DIRECTION_OUT,
            at=stamp(await world.now()),
            is_direct=True,
        )
        reported = await agency.permits.ReportAttempt(permits.ReportAttemptRequest(request_id="outside", attempt=attempt))
        assert reported.is_breach
        denied = await world.ask(wanted(person_id, case_id))
        assert (denied.answer, rules(denied), codes(denied)) == (DENIED, ["ONE.A.DAY"], ["COUNT_EXCEEDED"])
        seen = {fact.name: fact.value for fact in denied.decision.reasons[0].facts}
        assert (seen["counted"], seen["limit"]) == ("1", "1")
        await settle(world.doors)
        [breach] = [row.event.interaction_recorded for row in await world.timeline(case_id, "InteractionRecorded")]
        assert (breach.is_breach, breach.interaction_id) == (True, UUID(reported.attempt_id).bytes)
        told = [fact.WhichOneof("event") for fact in await world.told("contacts", person_id)]
        assert told.count("attempt_outside_permit_recorded") == 1


async def test_on_the_night_the_clocks_change_hours_are_local_hours(house: House) -> None:
    """Golden scenario 10: denied on the evening before, asked again at the instant that was named, granted; a minute before it, not."""
    async with a_world(house, f"{TENANT}-10") as world:
        await world.use_pack(BY_DAY, "by-day")
        person_id = await world.a_person()
        case_id = await world.a_case("case", person_id)
        change = clocks_change_after(await world.now())
        await world.pass_until(change.date() - timedelta(days=1), time(22, 30))
        denied = await world.ask(wanted(person_id, case_id))
        morning = datetime.combine(change.date(), time(8), world.zone)
        evening = await world.now()
        assert (denied.answer, codes(denied), denied.next_allowed_at.ToDatetime(UTC)) == (DENIED, ["OUTSIDE_HOURS"], morning)
        assert morning.utcoffset() != evening.utcoffset()
        await world.pass_until(change.date(), time(7, 59))
        assert codes(await world.ask(wanted(person_id, case_id))) == ["OUTSIDE_HOURS"]
        await world.pass_until(change.date(), time(8))
        assert (await world.ask(wanted(person_id, case_id))).answer == GRANTED


async def test_why_a_call_was_allowed_has_the_same_answer_two_packs_later(house: House) -> None:
    """Golden scenario 18: half a year on, the house's policy has been changed twice."""
    async with a_world(house, f"{TENANT}-18") as world:
        await world.use_pack(ONE_A_DAY, "one-a-day")
        person_id = await world.a_person()
        case_id = await world.a_case("case", person_id)
        granted = await world.contact_made(wanted(person_id, case_id))
        denied = await world.ask(wanted(person_id, case_id))
        auditor = await world.as_("auditor", "auditor")
        for version, days in (("2026.12.0", 3), ("2027.1.0", 30)):
            await world.pass_until((await world.now()).date() + timedelta(days=92), time(12))
            limit = a_limit("ONE.A.DAY", days=days)
            await world.use_pack(a_pack("one-a-day", "ES", limit, vector=A_CALL, version=version), "one-a-day", version)
        for answer in (granted, denied):
            asked = permits.ExplainDecisionRequest(person_id=person_id, permit_id=answer.permit_id)
            why = await auditor.permits.ExplainDecision(asked)
            assert (why.is_reproduced, why.told_hash) == (True, why.again_hash)
            assert (why.answer, why.decision) == (answer.answer, answer.decision)
            assert ("one-a-day", "2026.11.0") in [(pack.pack_id, pack.version) for pack in why.decision.packs]
            assert ("one-a-day", "2027.1.0") in [(pack.pack_id, pack.version) for pack in why.packs_now]
            assert all(reason.cite for reason in why.decision.reasons)


async def test_colombia_one_channel_a_week_and_no_hours_but_those_the_debtor_sets(house: House) -> None:
    """Golden scenario 7, in a year in which the law of 2023 is in force."""
    async with a_world(house, f"{TENANT}-7", "CO", "America/Bogota") as world:
        await world.use_pack((PACKS / "co-ley2300.yaml").read_bytes(), "co-ley2300")
        person_id = await world.a_person()
        case_id = await world.a_case("case", person_id)
        await consent(world, person_id, persons.CONSENT_KIND_CONTACT, channels=[words.CHANNEL_SMS, words.CHANNEL_CALL])
        text, call = wanted(person_id, case_id, words.CHANNEL_SMS), wanted(person_id, case_id, mode="preview")

        monday = await a_monday_without_holidays(world)
        await world.pass_until(monday, time(10))
        await world.contact_made(text)
        await world.pass_until(monday + timedelta(days=2), time(10))
        on_wednesday = await world.ask(call)
        assert (on_wednesday.answer, rules(on_wednesday), codes(on_wednesday)) == (DENIED, ["CO.2300.CHAN"], ["CHANNEL_ALREADY_USED"])
        next_monday = datetime.combine(monday + timedelta(days=7), time(7), world.zone)
        assert on_wednesday.next_allowed_at.ToDatetime(UTC) == next_monday

        await world.pass_until(monday + timedelta(days=5), time(15, 1))
        on_saturday = await world.ask(text)
        assert (on_saturday.answer, rules(on_saturday), codes(on_saturday)) == (DENIED, ["CO.2300.TIME"], ["OUTSIDE_HOURS"])
        afternoon = persons.TimeWindow(weekdays=[SATURDAY], from_minute=15 * 60, until_minute=18 * 60)
        await consent(world, person_id, persons.CONSENT_KIND_HOURS, windows=[afternoon])
        assert (await world.ask(text)).answer == GRANTED


async def consent(world: World, person_id: str, kind: persons.ConsentKind, **other: object) -> None:
    giving = people.GiveConsentRequest(
        request_id=world.next_id(),
        person_id=person_id,
        kind=kind,
        instrument="SEPARATE_DOCUMENT",
        evidence_ref="document",
        **other,  # type: ignore[arg-type]  # whichever the kind needs
    )
    await world.doors.people.GiveConsent(giving)


async def a_monday_without_holidays(world: World) -> date:
    """Of a week in which no day is closed, nor the Monday after it; under the law, and with its calendar."""
    closed = country_holidays(world.country)
    monday = max(await world.next_weekday(MONDAY), date(2026, 2, 2))
    while any(monday + timedelta(days=day) in closed for day in range(8)):
        monday += timedelta(days=7)
    return monday


async def read_by(client: Doors, case_id: str) -> set[str]:
    """Names of what a client can replay of a case."""
    chunks = client.log("cases").Replay(ReplayRequest(stream_id=case_id))
    return {record.type.rpartition(".")[2] async for chunk in chunks for record in chunk.records}


def midnight_after(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), time(0), now.tzinfo)


def clocks_change_after(now: datetime) -> datetime:
    """The noon after the next night on which the clocks of the zone change."""
    noon = datetime.combine(now.date(), time(12), now.tzinfo) + timedelta(days=1)
    while noon.utcoffset() == (noon - timedelta(days=1)).utcoffset():
        noon += timedelta(days=1)
    return noon
