"""People, asked over gRPC: registered, found, merged, un-merged; every reading recorded."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told
from acuerdo.contacts.v1 import types_pb2 as types
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from services.chassis.seal.subjects import Subject
from services.contacts.domain import access
from services.contacts.domain.access import PersonAccess
from services.contacts.domain.person import Person
from tests.services.contacts.people_service import TENANT, Caller, Running, nif, somebody

PHONE, EMAIL = "+12025550123", "marta@example.org"


async def refused(call: Any, status: str, reason: str = "") -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is grpc.StatusCode[status], error.value.details()
    said = f"{error.value.details()} {error.value.trailing_metadata()}"
    assert reason in said
    return said


async def found(caller: Caller, **by: Any) -> list[str]:
    head = by.pop("min_position", 0)
    return [each.person_id for each in (await caller.FindPersons(min_position=head, **by)).persons]


# Registering ---------------------------------------------------------------------------------------------------------


async def test_a_person_is_minted_and_read_back_in_clear(people: Running) -> None:
    caller = people.as_()
    given = somebody(number="00.000.000-T", phone="202 555 0123", email="Marta@Example.ORG", birth_date=Date(year=1980, month=5, day=17))
    given.points[0].country = "US"
    given.residence_country, given.language = "TW", "zh-TW"
    given.zones.append("Asia/Taipei")
    came = await caller.RegisterPerson(person=given)

    person = (await people.as_("agent").GetPerson(person_id=came.person_id)).person

    assert not came.is_known
    assert (person.name, person.birth_date, person.is_synthetic, person.is_erased) == ("Marta Synthetic", "1980-05-17", True, False)
    assert [(each.kind, each.country, each.value) for each in person.identifiers] == [("NIF", "ES", "00000000T")]
    assert [(each.kind, each.value, each.state) for each in person.points] == [
        (told.POINT_KIND_PHONE, PHONE, told.POINT_STATE_UNVERIFIED),
        (told.POINT_KIND_EMAIL, EMAIL, told.POINT_STATE_UNVERIFIED),
    ]
    assert list(person.points[0].zones) == ["America/New_York"]
    assert (person.residences[0].country, list(person.residences[0].zones)) == ("TW", ["Asia/Taipei"])
    assert person.preferences[0].language == "zh-TW"


async def test_the_same_person_in_two_portfolios_is_one_person(people: Running) -> None:
    """Each client brings its own reference and its own telephone number; the national id is the same."""
    caller, bank, telco = people.as_(), str(uuid4()), str(uuid4())
    first = await caller.RegisterPerson(person=somebody(number="12345678Z", phone=PHONE, client_id=bank, client_ref="B-1"))
    second = await caller.RegisterPerson(
        person=somebody(name="MARTA  SYNTHETIC", number="12345678-z", phone="+12025550199", client_id=telco, client_ref="T-9")
    )

    assert (second.person_id, second.is_known) == (first.person_id, True)
    person = (await caller_of_agents(people).GetPerson(person_id=first.person_id)).person
    assert [each.value for each in person.points] == [PHONE, "+12025550199"]
    assert {(each.kind, each.client_id, each.value) for each in person.identifiers} == {
        ("NIF", "", "12345678Z"),
        ("CREDITOR_REFERENCE", bank, "B-1"),
        ("CREDITOR_REFERENCE", telco, "T-9"),
    }
    again = await caller.RegisterPerson(person=somebody(name="Whoever", client_id=telco, client_ref="T-9"))
    assert again.person_id == first.person_id


async def test_many_who_register_one_person_at_once_register_one(people: Running) -> None:
    callers = [people.as_(subject=f"clerk-{i}") for i in range(16)]
    came = await asyncio.gather(
        *(caller.RegisterPerson(person=somebody(number="12345678Z", phone=f"+1202555{100 + i:04}")) for i, caller in enumerate(callers))
    )

    assert len({each.person_id for each in came}) == 1
    assert sum(not each.is_known for each in came) == 1
    person = (await caller_of_agents(people).GetPerson(person_id=came[0].person_id)).person
    assert sorted(each.value for each in person.points) == [f"+1202555{100 + i:04}" for i in range(16)]


async def test_the_same_request_again_is_answered_as_the_first_time(people: Running) -> None:
    caller = people.as_()
    first = await caller.RegisterPerson(request_id="r-1", person=somebody(phone=PHONE))
    again = await caller.RegisterPerson(request_id="r-1", person=somebody(phone=PHONE))

    assert again.receipt == first.receipt
    assert again.person_id == first.person_id
    await refused(caller.RegisterPerson(request_id="r-1", person=somebody(name="Somebody Else")), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")


async def test_rows_of_a_file_have_outcomes_of_their_own(people: Running) -> None:
    caller, bank = people.as_(), str(uuid4())
    rows = [
        pb.PersonRow(line=1, person=somebody(number="11111111H", phone=PHONE)),
        pb.PersonRow(line=2, person=somebody(number="22222222J", phone="12")),
        pb.PersonRow(line=3, person=somebody(name="")),
        pb.PersonRow(line=4, person=somebody(number="11111111H", email=EMAIL)),
        pb.PersonRow(line=5, person=somebody(client_id=bank)),
        pb.PersonRow(line=6, person=somebody(name="Twice")),
        pb.PersonRow(line=6, person=somebody(name="Twice")),
    ]
    chunk = pb.RegisterPersonsRequest(request_id="c-1", rows=rows)
    (answer,) = await caller.send("RegisterPersons", chunk)

    said = [(each.line, bool(each.person_id), each.field, each.reason) for each in answer.outcomes]
    assert said == [
        (1, True, "", ""),
        (2, False, "person.points[0].phone", "STRING_PATTERN"),
        (3, False, "person.name", "STRING_MIN_LEN"),
        (4, True, "", ""),
        (5, False, "person.client_ref", "IS_INVALID"),
        (6, False, "", "LINE_IS_REPEATED"),
        (6, False, "", "LINE_IS_REPEATED"),
    ]
    assert answer.outcomes[0].person_id == answer.outcomes[3].person_id
    assert sorted(each.is_known for each in (answer.outcomes[0], answer.outcomes[3])) == [False, True]
    (again,) = await caller.send("RegisterPersons", chunk)
    assert [each.person_id for each in again.outcomes] == [each.person_id for each in answer.outcomes]
    assert again.outcomes[0].is_repeated
    assert again.position == answer.position


async def test_identifiers_of_two_persons_are_not_guessed_away(people: Running) -> None:
    caller, bank = people.as_(), str(uuid4())
    one = await caller.RegisterPerson(person=somebody(number="11111111H"))
    two = await caller.RegisterPerson(person=somebody(client_id=bank, client_ref="B-2"))

    said = await refused(
        caller.RegisterPerson(person=somebody(number="11111111H", client_id=bank, client_ref="B-2")),
        "FAILED_PRECONDITION",
        "IDENTIFIERS_ARE_OF_TWO_PERSONS",
    )
    assert one.person_id in said
    assert two.person_id in said
    await caller.RegisterPerson(person=somebody(number="33333333P", client_id=bank, client_ref="B-2"))
    await refused(
        caller.RegisterPerson(person=somebody(number="44444444A", client_id=bank, client_ref="B-2")),
        "FAILED_PRECONDITION",
        "PERSON_HAS_ANOTHER_IDENTIFIER",
    )


async def test_a_registration_once_refused_stays_refused_and_once_taken_stays_taken(people: Running) -> None:
    caller, supervisor, bank = people.as_(), people.as_("supervisor"), str(uuid4())
    one = await caller.RegisterPerson(person=somebody(number="11111111H"), request_id="one")
    two = await caller.RegisterPerson(person=somebody(client_id=bank, client_ref="B-2"))
    both = somebody(number="11111111H", client_id=bank, client_ref="B-2")
    await refused(caller.RegisterPerson(person=both, request_id="both"), "FAILED_PRECONDITION", "IDENTIFIERS_ARE_OF_TWO_PERSONS")

    await supervisor.MergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="REVIEWED")

    await refused(caller.RegisterPerson(person=both, request_id="both"), "FAILED_PRECONDITION", "IDENTIFIERS_ARE_OF_TWO_PERSONS")
    again = await caller.RegisterPerson(person=both)
    assert (again.person_id, again.is_known) == (one.person_id, True)
    assert (await caller.RegisterPerson(person=somebody(number="11111111H"), request_id="one")).receipt == one.receipt


async def test_a_made_up_person_is_never_taken_for_a_real_one(people: Running) -> None:
    caller = people.as_()
    await caller.RegisterPerson(person=somebody(number="11111111H"))
    await refused(
        caller.RegisterPerson(person=somebody(number="11111111H", is_synthetic=False)), "FAILED_PRECONDITION", "SYNTHETIC_PERSON_IS_NOBODY"
    )


# Finding -------------------------------------------------------------------------------------------------------------


async def test_a_person_is_found_by_number_address_and_reference_however_they_are_written(people: Running) -> None:
    caller, agent, bank = people.as_(), people.as_("agent"), str(uuid4())
    came = await caller.RegisterPerson(person=somebody(number="12345678Z", phone=PHONE, email=EMAIL, client_id=bank, client_ref="B-1"))
    at = came.receipt.position

    ways: list[dict[str, Any]] = [
        {"national_id": nif("12.345.678-z")},
        {"phone": "(202) 555-0123", "country": "US"},
        {"email": " MARTA@EXAMPLE.org"},
        {"client_ref": pb.ClientRef(client_id=bank, reference="B-1")},
    ]
    assert [await found(agent, min_position=at, **way) for way in ways] == [[came.person_id]] * 4
    assert await found(agent, national_id=nif("12345678A")) == []
    await refused(agent.FindPersons(phone="555 0123"), "INVALID_ARGUMENT")
    await refused(agent.FindPersons(), "INVALID_ARGUMENT")


async def test_every_reading_is_recorded_with_who_and_why(people: Running) -> None:
    caller = people.as_()
    came = await caller.RegisterPerson(person=somebody(phone=PHONE))
    other = await caller.RegisterPerson(person=somebody(name="Somebody Else"))
    ana = people.as_("agent", subject="ana")
    await ana.GetPerson(person_id=came.person_id, purpose="INBOUND_CALL")
    await ana.FindPersons(phone=PHONE, purpose="REVIEW", min_position=came.receipt.position)

    readings = await people.log.read_stream(access.stream_of(UUID(came.person_id)), TENANT)
    facts = [people.log.service.mapper.decode(record.event) for record in readings]
    assert [(fact.reader, fact.purpose) for fact in facts] == [("ana", "INBOUND_CALL"), ("ana", "REVIEW")]  # type: ignore[attr-defined]
    assert "by.phone" in facts[1].fields  # type: ignore[attr-defined]
    assert (await people.log.load(PersonAccess, access.stream_of(UUID(other.person_id)), TENANT)).readings == 0
    await refused(ana.GetPerson(person_id=came.person_id, purpose=""), "INVALID_ARGUMENT")


async def test_nobody_is_found_across_tenants(people: Running) -> None:
    came = await people.as_().RegisterPerson(person=somebody(number="12345678Z"))
    stranger = people.as_("agent", "supervisor", tenant="other")

    assert await found(stranger, national_id=nif("12345678Z"), min_position=came.receipt.position) == []
    await refused(stranger.GetPerson(person_id=came.person_id), "NOT_FOUND")
    theirs = await people.as_(tenant="other").RegisterPerson(person=somebody(number="12345678Z"))
    assert not theirs.is_known


async def test_who_was_erased_is_no_longer_found_once_the_index_is_written_again(people: Running) -> None:
    caller, agent = people.as_(), people.as_("agent")
    came = await caller.RegisterPerson(person=somebody(number="12345678Z", phone=PHONE))
    kept = await caller.RegisterPerson(person=somebody(name="Other", phone="+12025550177"))
    assert await found(agent, phone=PHONE, min_position=kept.receipt.position) == [came.person_id]
    await people.seals.destroy(Subject(TENANT, UUID(came.person_id)))

    await people.rebuild_views()

    at = (await caller.CeaseCommunication(person_id=kept.person_id, medium="CALL", evidence_ref="rec-1")).receipt.position
    assert await found(agent, phone=PHONE, min_position=at) == []
    assert await found(agent, phone="+12025550177") == [kept.person_id]
    person = (await agent.GetPerson(person_id=came.person_id)).person
    assert (person.is_erased, person.name, person.points[0].is_erased, person.points[0].value) == (True, "", True, "")


# Contact points, consents, wishes ---------------------------------------------------------------------------------------


async def test_a_contact_point_given_twice_is_one_and_a_mark_stays(people: Running) -> None:
    caller = people.as_()
    came = await caller.RegisterPerson(person=somebody(phone=PHONE))
    again = await caller.AddContactPoint(person_id=came.person_id, point=pb.NewPoint(phone="202-555-0123", country="US"), source="DEBTOR")
    await caller.MarkContactPointThirdParty(person_id=came.person_id, point_id=again.point_id, reason_code="WRONG_PERSON")
    await caller.RegisterPerson(person=somebody(phone=PHONE))
    once_more = await caller.AddContactPoint(person_id=came.person_id, point=pb.NewPoint(phone=PHONE), source="SKIP_TRACE")

    person = (await caller_of_agents(people).GetPerson(person_id=came.person_id)).person
    assert again.is_known
    assert once_more.point_id == again.point_id
    assert [(each.state, each.reason_code) for each in person.points] == [(told.POINT_STATE_THIRD_PARTY, "WRONG_PERSON")]
    await refused(
        caller.ConfirmContactPoint(person_id=came.person_id, point_id=again.point_id, method="CALL"),
        "FAILED_PRECONDITION",
        "POINT_IS_OF_SOMEBODY_ELSE",
    )
    await caller.ReinstateContactPoint(person_id=came.person_id, point_id=again.point_id, reason_code="MARKED_IN_ERROR")
    await caller.ConfirmContactPoint(person_id=came.person_id, point_id=again.point_id, method="CALL")
    person = (await caller_of_agents(people).GetPerson(person_id=came.person_id)).person
    assert person.points[0].state == told.POINT_STATE_VERIFIED


async def test_many_who_add_one_number_at_once_add_one(people: Running) -> None:
    came = await people.as_().RegisterPerson(person=somebody())
    callers = [people.as_(subject=f"clerk-{i}") for i in range(8)]
    points = await asyncio.gather(
        *(caller.AddContactPoint(person_id=came.person_id, point=pb.NewPoint(phone=PHONE), source="DEBTOR") for caller in callers)
    )
    assert len({each.point_id for each in points}) == 1


async def test_consent_preference_and_cease_are_kept_with_their_evidence(people: Running) -> None:
    caller = people.as_()
    person_id = (await caller.RegisterPerson(person=somebody(email=EMAIL))).person_id
    evening = told.TimeWindow(weekdays=[5, 1], from_minute=1140, until_minute=1260)
    consent = await caller.GiveConsent(
        person_id=person_id,
        kind=told.CONSENT_KIND_HOURS,
        windows=[evening],
        instrument="SEPARATE_DOCUMENT",
        evidence_ref="doc-1",
        occurred_at=Timestamp(seconds=1_768_000_000),
    )
    await caller.SetPreference(
        person_id=person_id, language="es", zone="Europe/Madrid", channel_order=[types.CHANNEL_EMAIL], source="DEBTOR", windows=[evening]
    )
    cease = await caller.CeaseCommunication(person_id=person_id, channels=[types.CHANNEL_CALL], medium="LETTER", evidence_ref="letter-7")
    await caller.WithdrawConsent(person_id=person_id, consent_id=consent.consent_id, reason_code="DEBTOR_ASKED", evidence_ref="rec-2")

    person = (await caller_of_agents(people).GetPerson(person_id=person_id)).person
    assert (person.consents[0].given_at.seconds, person.consents[0].HasField("withdrawn_at")) == (1_768_000_000, True)
    assert list(person.consents[0].windows[0].weekdays) == [1, 5]
    assert (person.preferences[0].zone, person.preferences[0].language) == ("Europe/Madrid", "es")
    assert (list(person.ceases[0].channels), person.ceases[0].evidence_ref) == ([types.CHANNEL_CALL], "letter-7")
    supervisor = people.as_("supervisor")
    await supervisor.RevokeCease(person_id=person_id, cease_id=cease.cease_id, reason_code="DEBTOR_ASKED", evidence_ref="rec-3")
    assert (await caller_of_agents(people).GetPerson(person_id=person_id)).person.ceases[0].HasField("revoked_at")


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("GiveConsent", {"kind": told.CONSENT_KIND_HOURS, "instrument": "CALL", "evidence_ref": "e"}),
        ("GiveConsent", {"kind": 1, "instrument": "CALL", "evidence_ref": "e", "expires_at": Timestamp(seconds=1)}),
        ("GiveConsent", {"kind": 1, "instrument": "CALL", "evidence_ref": ""}),
        ("SetPreference", {"zone": "Mars/Olympus", "source": "DEBTOR"}),
        ("SetPreference", {"source": "DEBTOR", "windows": [told.TimeWindow(from_minute=600, until_minute=540)]}),
        ("RecordResidence", {"country": "ES", "zones": ["Europe/Nowhere"], "evidence": "STATED"}),
        ("AddContactPoint", {"point": pb.NewPoint(email="nobody@nowhere"), "source": "DEBTOR"}),
        ("AddContactPoint", {"point": pb.NewPoint(account="no-handle"), "source": "DEBTOR"}),
        ("AddContactPoint", {"point": pb.NewPoint(), "source": "DEBTOR"}),
    ],
)
async def test_what_cannot_be_is_invalid(people: Running, method: str, fields: dict[str, Any]) -> None:
    caller = people.as_()
    person_id = (await caller.RegisterPerson(person=somebody())).person_id
    before = (await people.log.load(Person, UUID(person_id), TENANT)).version
    await refused(getattr(caller, method)(person_id=person_id, **fields), "INVALID_ARGUMENT")
    assert (await people.log.load(Person, UUID(person_id), TENANT)).version == before


# Merging ---------------------------------------------------------------------------------------------------------------


async def test_two_records_of_one_person_are_proposed_merged_and_unmerged(people: Running) -> None:
    caller, supervisor, agent = people.as_(), people.as_("supervisor"), people.as_("agent")
    one = await caller.RegisterPerson(person=somebody(name="Marta Synthétic", number="12345678Z", phone=PHONE))
    two = await caller.RegisterPerson(person=somebody(name="SYNTHETIC, Marta", phone=PHONE, email=EMAIL))
    three = await caller.RegisterPerson(person=somebody(name="Unlike", email="other@example.org"))

    matches = (await supervisor.ListMatches(person_id=one.person_id, min_position=three.receipt.position)).matches
    assert [(each.person_id, each.score, [e.kind for e in each.evidence]) for each in matches] == [(two.person_id, 600, ["PHONE", "NAME"])]

    merged = await supervisor.MergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="REVIEWED")
    assert merged.score == 600
    again = await supervisor.MergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="REVIEWED")
    assert again.receipt.version == merged.receipt.version
    person = (await agent.GetPerson(person_id=two.person_id)).person
    assert person.person_id == one.person_id
    assert sorted(each.value for each in person.points) == sorted([PHONE, PHONE, EMAIL])
    assert await found(agent, email=EMAIL) == [one.person_id]
    at = (await caller.CeaseCommunication(person_id=two.person_id, medium="CALL", evidence_ref="rec-1")).receipt
    assert at.stream_id == one.person_id

    await supervisor.UnmergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="MISTAKEN", evidence_ref="note-1")
    lives = (await agent.GetPerson(person_id=two.person_id)).person
    stays = (await agent.GetPerson(person_id=one.person_id)).person
    assert (lives.person_id, sorted(each.value for each in lives.points)) == (two.person_id, sorted([PHONE, EMAIL]))
    assert [each.value for each in stays.points] == [PHONE]
    assert [len(each.ceases) for each in (lives, stays)] == [1, 1]
    assert await found(agent, email=EMAIL) == [two.person_id]


async def test_a_number_that_is_somebody_else_s_stays_so_for_both_records_of_a_person(people: Running) -> None:
    """Marked before the merge on one, after it on the other: the number is never called again, whichever record one looks at."""
    caller, supervisor = people.as_(), people.as_("supervisor")
    one = await caller.RegisterPerson(person=somebody(phone=PHONE, email=EMAIL))
    two = await caller.RegisterPerson(person=somebody(phone=PHONE, email=EMAIL))
    phone, email = (await caller_of_agents(people).GetPerson(person_id=two.person_id)).person.points
    await caller.MarkContactPointThirdParty(person_id=two.person_id, point_id=phone.point_id, reason_code="WRONG_PERSON")

    await supervisor.MergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="REVIEWED")
    await caller.SuppressContactPoint(person_id=one.person_id, point_id=email.point_id, reason_code="OPTED_OUT")

    person = (await caller_of_agents(people).GetPerson(person_id=one.person_id)).person
    states = {(each.value, each.state, each.reason_code) for each in person.points}
    assert states == {(PHONE, told.POINT_STATE_THIRD_PARTY, "WRONG_PERSON"), (EMAIL, told.POINT_STATE_SUPPRESSED, "OPTED_OUT")}


async def test_names_move_with_a_merge_and_back(people: Running) -> None:
    """Whoever registers the national id of the merged person gets the person that stays, and after the un-merge that one again."""
    caller, supervisor = people.as_(), people.as_("supervisor")
    one = await caller.RegisterPerson(person=somebody(number="11111111H"))
    two = await caller.RegisterPerson(person=somebody(number="22222222J"))

    async def holder(number: str) -> str:
        held = await people.log.claimed(TENANT, "national-id", [f"ES/NIF/{number}"])
        registered = await caller.RegisterPerson(person=somebody(number=number))
        assert str(held[f"ES/NIF/{number}"]) == registered.person_id
        return str(registered.person_id)

    merged = await supervisor.MergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="REVIEWED")
    assert merged.score == 62  # the name alone, against two numbers
    assert [await holder(number) for number in ("11111111H", "22222222J")] == [one.person_id] * 2
    await supervisor.UnmergePersons(person_id=one.person_id, other_person_id=two.person_id, reason_code="MISTAKEN")
    assert [await holder(number) for number in ("11111111H", "22222222J")] == [one.person_id, two.person_id]


async def test_different_numbers_of_one_kind_speak_against_a_match(people: Running) -> None:
    caller, supervisor = people.as_(), people.as_("supervisor")
    one = await caller.RegisterPerson(person=somebody(number="11111111H", phone=PHONE, email=EMAIL))
    two = await caller.RegisterPerson(person=somebody(number="22222222J", phone=PHONE, email=EMAIL))
    asked = {"person_id": one.person_id, "min_position": two.receipt.position}

    (match,) = (await supervisor.ListMatches(**asked)).matches
    assert (match.is_contradicted, match.score) == (True, 250)
    await supervisor.DismissMatch(person_id=two.person_id, other_person_id=one.person_id, reason_code="SIBLINGS")
    assert not (await supervisor.ListMatches(**asked)).matches


async def test_what_cannot_be_merged_says_why(people: Running) -> None:
    caller, supervisor = people.as_(), people.as_("supervisor")
    one = (await caller.RegisterPerson(person=somebody(name="One"))).person_id
    two = (await caller.RegisterPerson(person=somebody(name="Two"))).person_id
    three = (await caller.RegisterPerson(person=somebody(name="Three"))).person_id
    real = (await caller.RegisterPerson(person=somebody(name="Real", is_synthetic=False))).person_id

    async def merge(person_id: str, other: str) -> Any:
        return await supervisor.MergePersons(person_id=person_id, other_person_id=other, reason_code="REVIEWED")

    await refused(merge(one, one), "INVALID_ARGUMENT")
    await refused(merge(one, str(uuid4())), "NOT_FOUND")
    await refused(merge(one, real), "FAILED_PRECONDITION", "SYNTHETIC_PERSON_IS_NOBODY")
    await refused(supervisor.UnmergePersons(person_id=one, other_person_id=two, reason_code="X"), "NOT_FOUND")
    await merge(one, two)
    await refused(merge(three, two), "FAILED_PRECONDITION", "PERSON_IS_MERGED")
    await merge(three, one)
    assert (await caller_of_agents(people).GetPerson(person_id=two)).person.person_id == three
    await refused(supervisor.UnmergePersons(person_id=three, other_person_id=two, reason_code="X"), "NOT_FOUND")
    await refused(people.as_("agent").MergePersons(person_id=one, other_person_id=two, reason_code="X"), "PERMISSION_DENIED")


def caller_of_agents(people: Running) -> Caller:
    return people.as_("agent", subject="reader")
