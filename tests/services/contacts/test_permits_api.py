"""Permits, asked over gRPC: check and reserve on the whole history, use, give back, report; denials are answers with all their reasons."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.contacts.v1 import decisions_pb2
from acuerdo.contacts.v1 import permit_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from services.contacts.domain import agreement, casefile, noting, permitting
from services.contacts.domain.agreement import Cease, Consent, ConsentKind
from services.contacts.domain.casefile import CaseFile, HoldKnown
from services.contacts.domain.channels import Channel, TimeWindow
from services.contacts.domain.merging import Match, merge, merge_into
from services.contacts.domain.person import Person
from services.kernel.facts import Causation, Change
from tests.services.contacts.permits_service import Running, codes, granted, stamp, wanted

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
"""A Tuesday, in Madrid."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOGOTA = timedelta(hours=5)


async def refused(call: Any, status: str, reason: str = "") -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is grpc.StatusCode[status], error.value.details()
    said = f"{error.value.details()} {error.value.trailing_metadata()}"
    assert reason in said, said
    return said


async def a_debtor(permits: Running, *packs: str, client: UUID | None = None) -> tuple[UUID, UUID]:
    await permits.use(*(packs or ("es-house-strict",)))
    person = await permits.a_person()
    return person, await permits.a_case(person, client=client)


# Asked -------------------------------------------------------------------------------------------------------------------


async def test_a_contact_that_nothing_forbids_is_permitted_with_what_it_obliges_to(permits: Running) -> None:
    person, case = await a_debtor(permits)
    answer = await permits.as_("agent").ask(person, case, "EMAIL")
    assert granted(answer)
    assert answer.expires_at.ToDatetime(UTC) == NOON + timedelta(minutes=15)
    assert answer.decision.verdict == decisions_pb2.POLICY_VERDICT_ALLOW_WITH_OBLIGATIONS
    assert [owed.code for owed in answer.decision.obligations] == ["INCLUDE_OPT_OUT"]
    assert [(used.pack_id, used.version) for used in answer.decision.packs] == [("acuerdo-floor", "1"), ("es-house-strict", "2026.11.0")]
    assert await permits.names(person) == ["PersonRegistered", "ResidenceRecorded", "ContactPermitGranted"]


async def test_a_denial_is_an_answer_with_every_reason_and_an_event(permits: Running) -> None:
    person, case = await a_debtor(permits)
    permits.clock.at = NOON + 11 * HOUR
    answer = await permits.as_("agent").ask(person, case, cli_type="mobile")
    assert answer.answer == pb.PERMIT_ANSWER_DENIED
    assert codes(answer) == ["OUTSIDE_HOURS", "CLI_TYPE"]
    assert answer.decision.reasons[0].cite.startswith("house")
    assert {alternative.channel for alternative in answer.decision.alternatives} == {"sms", "email", "letter"}
    assert (await permits.names(person))[-1] == "ContactPermitDenied"


async def test_a_no_that_ends_within_the_wait_is_deferred(permits: Running) -> None:
    person, case = await a_debtor(permits)
    permits.clock.at = NOON + 11 * HOUR
    answer = await permits.as_("system").ask(person, case, "EMAIL", ready_to_wait=Duration(seconds=43_200))
    assert answer.answer == pb.PERMIT_ANSWER_DEFERRED
    assert answer.next_allowed_at.ToDatetime(UTC) == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert (await permits.names(person))[-1] == "ContactPermitDeferred"


async def test_the_same_request_has_the_same_answer_and_is_told_once(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    first, again = [await agent.ask(person, case, request_id="one") for _ in range(2)]
    assert first == again
    assert (await permits.names(person)).count("ContactPermitGranted") == 1


async def test_without_a_pack_the_answer_is_no(permits: Running) -> None:
    person = await permits.a_person()
    answer = await permits.as_("agent").ask(person, await permits.a_case(person))
    assert codes(answer) == ["NO_POLICY"]
    assert list(answer.decision.missing_facts) == ["policy_pack"]


async def test_a_case_that_is_not_heard_of_yet_is_refused_by_name(permits: Running) -> None:
    person, _ = await a_debtor(permits)
    await refused(permits.as_("agent").ask(person, uuid4()), "NOT_FOUND", "CASE_IS_NOT_HEARD_YET")


async def test_somebody_who_is_no_party_to_the_case_is_not_contacted_about_it(permits: Running) -> None:
    _, case = await a_debtor(permits)
    somebody_else = await permits.a_person()
    assert "THIRD_PARTY" in codes(await permits.as_("agent").ask(somebody_else, case))


async def test_a_dry_run_tells_nothing(permits: Running) -> None:
    person, case = await a_debtor(permits)
    before = await permits.names(person)
    agent = permits.as_("agent")
    answer = await agent.CanContact(contact=wanted(person, case), at=stamp(NOON + 11 * HOUR))
    later = await agent.NextAllowedAt(contact=wanted(person, case), **{"from": stamp(NOON + 11 * HOUR)})
    assert answer.decision.verdict == decisions_pb2.POLICY_VERDICT_DENY
    assert (later.is_allowed_now, list(later.codes)) == (False, ["OUTSIDE_HOURS"])
    assert later.next_allowed_at == answer.decision.next_allowed_at == stamp(datetime(2026, 3, 4, 8, tzinfo=UTC))
    assert await permits.names(person) == before


# One limit for all (golden 5, 21) ----------------------------------------------------------------------------------------


async def test_two_dialers_and_a_bot_ask_at_once_and_exactly_one_is_granted(permits: Running) -> None:
    person, case = await a_debtor(permits)
    answers = await asyncio.gather(*(permits.as_("system", subject=name).ask(person, case) for name in ("dialer-1", "dialer-2", "bot")))
    assert sum(map(granted, answers)) == 1
    assert {code for answer in answers for code in codes(answer)} == {"COUNT_EXCEEDED"}


async def test_fifty_dialers_and_one_call_left_make_one_reservation(permits: Running) -> None:
    person, case = await a_debtor(permits)
    answers = await asyncio.gather(*(permits.as_("system", subject=f"dialer-{number}").ask(person, case) for number in range(50)))
    assert sum(map(granted, answers)) == 1
    assert (await permits.names(person)).count("ContactPermitDenied") == 49


async def test_a_call_for_one_client_leaves_none_for_the_other_and_neither_learns_of_it(permits: Running) -> None:
    await permits.use("es-house-strict")
    person = await permits.a_person()
    ours, theirs = uuid4(), uuid4()
    first, second = await permits.a_case(person, client=ours), await permits.a_case(person, client=theirs)
    agent = permits.as_("agent")
    assert granted(await agent.ask(person, first))
    answer = await agent.ask(person, second)
    assert codes(answer) == ["COUNT_EXCEEDED"]
    told = answer.decision.SerializeToString()
    for secret in (ours, first):
        assert secret.bytes not in told
        assert str(secret).encode() not in told
    tomorrow = answer.next_allowed_at.ToDatetime(UTC)
    assert tomorrow == datetime(2026, 3, 4, 8, tzinfo=UTC)


async def test_the_weeks_count_survives_another_version_of_the_rules(permits: Running) -> None:
    """Golden 6, as far as counting goes: counters come from history, not from a campaign or a version."""
    person, case = await a_debtor(permits, "es-house")
    agent = permits.as_("agent")
    for number in range(3):
        assert granted(await agent.ask(person, case, campaign=f"campaign-{number}"))
    await permits.use("es-house-strict")
    assert codes(await agent.ask(person, case, campaign="another")) == ["COUNT_EXCEEDED"] * 3


# Used, given back, run out ------------------------------------------------------------------------------------------------


async def test_a_permit_is_used_once(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    used = await agent.ConsumePermit(person_id=str(person), permit_id=permit)
    assert used.is_consumed
    again = await agent.ConsumePermit(person_id=str(person), permit_id=permit, attempt_id=used.attempt_id)
    assert again.attempt_id == used.attempt_id
    await refused(agent.ConsumePermit(person_id=str(person), permit_id=permit), "FAILED_PRECONDITION", "PERMIT_IS_NOT_OPEN")
    assert (await permits.names(person)).count("ContactPermitConsumed") == 1


async def test_a_permit_given_back_leaves_its_place_to_another(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    await agent.ReleasePermit(person_id=str(person), permit_id=permit, reason_code="NO_AGENT_FREE")
    assert granted(await agent.ask(person, case))


async def test_a_permit_runs_out_by_itself_and_counts_no_longer(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    permits.clock.at += timedelta(minutes=15)
    assert granted(await agent.ask(person, case)), "past its end it counts no longer, told or not"
    await permits.fire(person)
    assert (await permits.names(person)).count("ContactPermitExpired") == 1
    found = await agent.GetPermit(person_id=str(person), permit_id=permit)
    assert found.permit.state == pb.ContactPermit.STATE_EXPIRED


async def test_what_comes_in_between_revokes_the_permit_when_it_is_to_be_used(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case, "EMAIL")).permit_id
    cease = Cease(uuid4(), person, (), (), "EMAIL", "mail 7", NOON)
    await permits.run(Change(Person, person, lambda live: agreement.cease_communication(live, cease)))
    used = await agent.ConsumePermit(person_id=str(person), permit_id=permit)
    assert (used.is_consumed, used.revoked_because) == (False, "CEASE_ACTIVE")
    assert (await permits.names(person))[-1] == "ContactPermitRevoked"


async def test_a_hold_revokes_what_was_permitted_and_lists_what_was_made(permits: Running) -> None:
    person, case = await a_debtor(permits, "es-house")
    agent, hold = permits.as_("agent"), uuid4()
    used = (await agent.ask(person, case, "EMAIL")).permit_id
    attempt = (await agent.ConsumePermit(person_id=str(person), permit_id=used)).attempt_id
    waiting = (await agent.ask(person, case)).permit_id
    live = await permits.person(person)
    assert [str(made.interaction_id) for made in permitting.contacts_since(live, case, NOON - HOUR)] == [attempt]
    await permits.run(Change(Person, person, lambda live: permitting.revoke_for_hold(live, case, hold)))
    assert [str(permit) for permit in permitting.revoked_by(await permits.person(person), hold)] == [waiting]
    known = HoldKnown(hold, "DISPUTE", date(2026, 3, 3), date(2026, 3, 5), None, False, True)
    await permits.run(Change(CaseFile, casefile.stream_of(case), lambda file: noting.note_hold(file, Causation(case, 9), known)))
    answer = await agent.ask(person, case, "EMAIL")
    assert codes(answer) == ["HOLD_ACTIVE"]
    assert answer.next_allowed_at.ToDatetime(UTC) == datetime(2026, 3, 6, 7, tzinfo=UTC)


# Reported (golden 9, 23) ---------------------------------------------------------------------------------------------------


async def test_a_call_outside_any_permit_is_a_breach_that_counts_and_denies_the_next(permits: Running) -> None:
    person, case = await a_debtor(permits)
    told = await permits.as_("system").report(person, case, NOON - HOUR, reported_by="agency-7")
    assert told.is_breach
    assert (await permits.names(person))[-1] == "AttemptOutsidePermitRecorded"
    answer = await permits.as_("agent").ask(person, case)
    assert codes(answer) == ["COUNT_EXCEEDED"]
    assert [(seen.name, seen.value) for seen in answer.decision.reasons[0].facts][:2] == [("counted", "1"), ("limit", "1")]


async def test_a_report_by_an_open_permit_uses_it_and_a_second_one_corrects(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    permits.clock.at += timedelta(minutes=5)
    told = await agent.report(person, case, NOON + timedelta(minutes=2), permit_id=permit)
    assert not told.is_breach
    await agent.report(person, case, NOON + timedelta(minutes=2), attempt_id=told.attempt_id, is_not_connected=True)
    assert granted(await agent.ask(person, case)), "a busy line is no call"
    assert (await permits.names(person)).count("AttemptResultRecorded") == 2


async def test_a_call_that_somebody_else_answered_counts_for_whom_it_was_placed_to(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    await agent.report(person, case, NOON, permit_id=permit, party="third_party")
    assert codes(await agent.ask(person, case)) == ["COUNT_EXCEEDED"]


async def test_a_report_by_a_permit_that_is_over_is_a_breach_that_says_so(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case)).permit_id
    permits.clock.at += HOUR
    told = await agent.report(person, case, NOON + timedelta(minutes=20), permit_id=permit)
    assert told.is_breach
    late = await agent.report(person, case, NOON + timedelta(minutes=10), permit_id=permit)
    assert not late.is_breach, "used in time, told late"


async def test_an_inbound_conversation_is_no_breach_and_makes_us_wait(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    told = await agent.report(person, case, NOON - HOUR, direction="IN", is_conversation=True)
    assert not told.is_breach
    answer = await agent.ask(person, case)
    assert codes(answer) == ["COOLDOWN_ACTIVE"]
    assert answer.next_allowed_at.ToDatetime(UTC) == datetime(2026, 3, 6, 8, tzinfo=UTC)


async def test_a_contact_of_tomorrow_is_not_reported_today(permits: Running) -> None:
    person, case = await a_debtor(permits)
    await refused(permits.as_("agent").report(person, case, NOON + DAY), "INVALID_ARGUMENT", "attempt.at")


# Late facts ------------------------------------------------------------------------------------------------------------------


async def test_an_opt_out_that_came_to_be_known_after_a_sending_makes_no_breach_of_it(permits: Running) -> None:
    person, case = await a_debtor(permits, "es-house")
    agent = permits.as_("agent")
    permit = (await agent.ask(person, case, "EMAIL")).permit_id
    await agent.ConsumePermit(person_id=str(person), permit_id=permit)
    permits.clock.at += HOUR
    mailed_before = Cease(uuid4(), person, (), (), "LETTER", "letter 1", received_at=NOON + HOUR)
    await permits.run(Change(Person, person, lambda live: agreement.cease_communication(live, mailed_before)))
    explained = await permits.as_("auditor").ExplainDecision(person_id=str(person), permit_id=permit)
    assert explained.is_reproduced
    assert explained.decision.verdict == decisions_pb2.POLICY_VERDICT_ALLOW_WITH_OBLIGATIONS
    assert (await permits.person(person)).permits.breaches == 0
    assert codes(await agent.ask(person, case, "EMAIL")) == ["CEASE_ACTIVE"]


# Colombia (golden 7), DST (golden 10) ---------------------------------------------------------------------------------------


async def a_colombian(permits: Running, *channels: Channel) -> tuple[UUID, UUID]:
    await permits.use("co-ley2300")
    person = await permits.a_person("America/Bogota", "CO", "")
    consent = Consent(uuid4(), person, ConsentKind.CONTACT, channels, (), (), (), (), "CONTRACT", False, "form 1", NOON - DAY)
    await permits.run(Change(Person, person, lambda live: agreement.give_consent(live, consent)))
    return person, await permits.a_case(person, jurisdiction="CO", zone="America/Bogota")


async def test_colombia_one_channel_a_week_saturday_until_three_and_other_hours_by_an_instrument(permits: Running) -> None:
    permits.clock.at = datetime(2026, 3, 2, 10, tzinfo=UTC) + BOGOTA
    person, case = await a_colombian(permits, Channel.SMS, Channel.CALL)
    agent = permits.as_("agent")
    sms = await agent.ask(person, case, "SMS")
    await agent.ConsumePermit(person_id=str(person), permit_id=sms.permit_id)
    permits.clock.at += 2 * DAY
    wednesday = await agent.ask(person, case)
    assert codes(wednesday) == ["CHANNEL_ALREADY_USED"]
    assert wednesday.next_allowed_at.ToDatetime(UTC) == datetime(2026, 3, 9, 7, tzinfo=UTC) + BOGOTA
    permits.clock.at = datetime(2026, 3, 7, 15, 1, tzinfo=UTC) + BOGOTA
    assert codes(await agent.ask(person, case, "SMS")) == ["OUTSIDE_HOURS"]
    hours = Consent(
        uuid4(), person, ConsentKind.HOURS, (), (), (), (), (TimeWindow((6,), 900, 1080),), "SEPARATE_DOCUMENT", False, "doc 2", NOON
    )
    await permits.run(Change(Person, person, lambda live: agreement.give_consent(live, hours)))
    assert granted(await agent.ask(person, case, "SMS"))


async def test_the_window_follows_local_time_over_the_night_on_which_clocks_change(permits: Running) -> None:
    person, case = await a_debtor(permits)
    agent = permits.as_("agent")
    for instant, is_open in (
        (datetime(2026, 3, 27, 8, tzinfo=UTC), True),
        (datetime(2026, 3, 27, 7, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 30, 7, tzinfo=UTC), True),
        (datetime(2026, 3, 30, 6, 59, 59, tzinfo=UTC), False),
    ):
        answer = await agent.CanContact(contact=wanted(person, case), at=stamp(instant))
        assert (answer.decision.verdict != decisions_pb2.POLICY_VERDICT_DENY) == is_open, instant


# One and the same -------------------------------------------------------------------------------------------------------------


async def test_two_persons_that_are_one_have_one_limit(permits: Running) -> None:
    await permits.use("es-house-strict")
    one, other = await permits.a_person(), await permits.a_person()
    first, second = await permits.a_case(one), await permits.a_case(other)
    agent, match = permits.as_("agent"), Match(uuid4(), 1000, (), "SAME_NIF")
    used = await agent.ask(other, second)
    await agent.ConsumePermit(person_id=str(other), permit_id=used.permit_id)
    await permits.run(
        Change(Person, one, lambda person, merged: merge(person, merged, match), given=((Person, other),)),
        Change(Person, other, lambda person, stays: merge_into(person, stays, match), given=((Person, one),)),
    )
    assert codes(await agent.ask(one, first)) == ["COUNT_EXCEEDED"]
    assert codes(await agent.ask(other, second)) == ["COUNT_EXCEEDED"], "asked by its old name, it is the same person"
    explained = await permits.as_("auditor").ExplainDecision(person_id=str(other), permit_id=used.permit_id)
    assert explained.is_reproduced


# Whoever asks ---------------------------------------------------------------------------------------------------------------------


async def test_a_supervisor_goes_past_a_presumption_on_a_ground_with_evidence_and_an_agent_does_not(permits: Running) -> None:
    permits.clock.at = datetime(2026, 3, 3, 17, tzinfo=UTC)
    await permits.use("us-fed-regf")
    person = await permits.a_person("America/New_York", "US", "NY")
    case = await permits.a_case(person, jurisdiction="US", zone="America/New_York")
    agent, supervisor = permits.as_("agent"), permits.as_("supervisor")
    await agent.report(person, case, NOON, direction="IN", is_conversation=True)
    assert codes(await agent.ask(person, case)) == ["COOLDOWN_ACTIVE"]
    ground = {"override_ground": "active_litigation", "evidence_ref": "docket 12"}
    await refused(agent.ask(person, case, **ground), "PERMISSION_DENIED")
    await refused(supervisor.ask(person, case, override_ground="active_litigation"), "INVALID_ARGUMENT", "evidence_ref")
    answer = await supervisor.ask(person, case, **ground)
    assert granted(answer)
    assert [reason.code for reason in answer.decision.overridden] == ["COOLDOWN_ACTIVE"]
    assert answer.decision.asking.evidence_ref == "docket 12"


async def test_a_client_s_case_is_not_found_by_who_may_not_see_it(permits: Running) -> None:
    person, case = await a_debtor(permits)
    await refused(permits.as_("agency", client_ids=[str(uuid4())]).ask(person, case), "NOT_FOUND")


async def test_many_are_asked_for_and_reported_in_one_stream(permits: Running) -> None:
    await permits.use("es-house-strict")
    people = [await permits.a_person() for _ in range(3)]
    cases = [await permits.a_case(person) for person in people]
    dialer = permits.as_("system")
    contacts = [wanted(person, case) for person, case in zip(people, cases, strict=True)]
    (answer,) = await dialer.send(
        "RequestPermits", [pb.RequestPermitsRequest(request_id="feed", contacts=[*contacts, contacts[0], wanted(people[0], uuid4())])]
    )
    assert [outcome.response.answer for outcome in answer.outcomes][:3].count(pb.PERMIT_ANSWER_GRANTED) >= 2
    first_person = [answer.outcomes[0].response.answer, answer.outcomes[3].response.answer]
    assert sorted(first_person) == [pb.PERMIT_ANSWER_GRANTED, pb.PERMIT_ANSWER_DENIED]
    assert answer.outcomes[4].refused == "CASE_IS_NOT_HEARD_YET"
    made = [
        pb.AttemptReport(
            person_id=str(person),
            case_id=str(case),
            channel="CHANNEL_CALL",
            direction="DIRECTION_OUT",
            at=stamp(NOON),
            permit_id=outcome.response.permit_id,  # type: ignore[arg-type]
        )
        for person, case, outcome in zip(people[1:], cases[1:], answer.outcomes[1:3], strict=True)
    ]
    (told,) = await dialer.send("ReportAttempts", [pb.ReportAttemptsRequest(request_id="results", attempts=made)])
    assert [outcome.response.is_breach for outcome in told.outcomes] == [False, False]
