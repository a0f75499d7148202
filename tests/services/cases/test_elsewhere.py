"""What other services did and decided stands on the case with its origin, once and in a person's words; who heeds a hold, and how soon."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.common.v1.types_pb2 import Causation
from acuerdo.contacts.v1 import casefiles_pb2 as casefiles
from acuerdo.contacts.v1 import decisions_pb2 as decisions
from acuerdo.contacts.v1 import message_events_pb2 as messages
from acuerdo.contacts.v1 import messages_pb2 as words
from acuerdo.contacts.v1 import permits_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as contacts
from acuerdo.payments.v1 import events_pb2 as payments
from acuerdo.strategy.v1 import events_pb2 as strategy
from acuerdo.strategy.v1 import types_pb2 as strategies
from google.protobuf.timestamp_pb2 import Timestamp

from tests.services.cases.hearing import Hearing
from tests.services.cases.service import Caller, Running
from tests.services.cases.test_cases_api import ANA, eventually
from tests.services.cases.test_holds_api import a_counted_case, instalment

PERSON, ATTEMPT, PERMIT, REQUEST = UUID(ANA), UUID(int=0xA1), UUID(int=0xA2), UUID(int=0xA3)


def at(instant: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(instant)
    return wire


@pytest.fixture
async def hearing(cases: Running) -> Hearing:
    return Hearing(cases.log)


async def facts(caller: Caller, case_id: str, *names: str) -> list[tuple[Any, str]]:
    rows = (await caller.GetTimeline(case_id=case_id, types=list(names))).rows
    return [(getattr(row.event, str(row.event.WhichOneof("event"))), row.why) for row in rows]


async def test_a_denial_says_why_and_from_when_on(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    reasons = [
        decisions.PolicyReason(code="OUTSIDE_HOURS"),
        decisions.PolicyReason(code="COUNT_EXCEEDED"),
        decisions.PolicyReason(code="OUTSIDE_HOURS"),
    ]
    denied = permits.ContactPermitDenied(
        permit_id=PERMIT.bytes,
        case_id=UUID(case_id).bytes,
        person_id=PERSON.bytes,
        channel=contacts.CHANNEL_EMAIL,
        purpose=contacts.PURPOSE_COLLECTION,
        request_ref=REQUEST.bytes,
        next_allowed_at=at(datetime(2026, 1, 16, 8, tzinfo=UTC)),
        decision=decisions.ContactDecision(reasons=reasons),
    )
    for _ in range(2):
        await hearing.hear("contacts", PERSON, 7, denied)
    ((fact, why),) = await facts(caller, case_id, "PermitRecorded")
    assert (fact.verdict, list(fact.reason_codes)) == (recorded.PERMIT_VERDICT_DENIED, ["OUTSIDE_HOURS", "COUNT_EXCEEDED"])
    assert (fact.origin.version, fact.request_id) == (7, REQUEST.bytes)
    assert why == "email for collection: denied (outside hours, count exceeded), not before 2026-01-16T08:00:00Z"


async def test_a_permit_is_granted_and_taken_back(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    of = {"permit_id": PERMIT.bytes, "case_id": UUID(case_id).bytes, "person_id": PERSON.bytes}
    granted = permits.ContactPermitGranted(**of, channel=contacts.CHANNEL_CALL, purpose=contacts.PURPOSE_REMINDER)
    await hearing.hear("contacts", PERSON, 1, granted)
    await hearing.hear("contacts", PERSON, 2, permits.ContactPermitRevoked(**of, reason_code="HOLD_PLACED"))
    told = await facts(caller, case_id, "PermitRecorded")
    assert [why for _, why in told] == ["call for reminder: granted", "revoked (hold placed)"]


async def test_a_contact_outside_any_permit_is_a_breach_on_the_case(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    breach = permits.AttemptOutsidePermitRecorded(
        attempt_id=ATTEMPT.bytes,
        case_id=UUID(case_id).bytes,
        person_id=PERSON.bytes,
        channel=contacts.CHANNEL_CALL,
        direction=contacts.DIRECTION_OUT,
        reported_by="agency",
        result=permits.AttemptResult(flags=["HUMAN", "RIGHT_PARTY"]),
    )
    await hearing.hear("contacts", PERSON, 3, breach)
    ((fact, why),) = await facts(caller, case_id, "InteractionRecorded")
    assert (fact.is_breach, fact.state, list(fact.flags)) == (True, recorded.INTERACTION_STATE_DONE, ["HUMAN", "RIGHT_PARTY"])
    assert why == "call from us, done (human, right party), outside any permit"


async def test_a_call_reported_by_its_permit_is_on_the_case_and_so_is_one_that_came_in(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    of = {"case_id": UUID(case_id).bytes, "person_id": PERSON.bytes, "channel": contacts.CHANNEL_CALL}
    out = permits.AttemptResultRecorded(
        attempt_id=ATTEMPT.bytes,
        permit_id=PERMIT.bytes,
        direction=contacts.DIRECTION_OUT,
        result=permits.AttemptResult(flags=["HUMAN"]),
        **of,
    )
    corrected = permits.AttemptResultRecorded()
    corrected.CopyFrom(out)
    corrected.result.flags.append("RIGHT_PARTY")
    apart = permits.AttemptResultRecorded(attempt_id=uuid4().bytes, direction=contacts.DIRECTION_OUT, is_recorded_apart=True, **of)
    for version, fact in enumerate((out, corrected, apart, permits.ContactReceived(attempt_id=uuid4().bytes, **of)), 1):
        await hearing.hear("contacts", PERSON, version, fact)
    told = await facts(caller, case_id, "InteractionRecorded", "OutcomeRevised")
    assert [why for _, why in told] == ["call from us, done (human)", "done (human, right party)", "call to us, done"]
    assert told[0][0].permit_id == PERMIT.bytes


async def test_a_message_is_followed_from_its_start_to_what_came_of_it(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    of = {"interaction_id": ATTEMPT.bytes, "case_id": UUID(case_id).bytes, "person_id": PERSON.bytes, "request_ref": REQUEST.bytes}
    started = messages.AttemptStarted(**of, permit_id=PERMIT.bytes, channel=contacts.CHANNEL_EMAIL, direction=contacts.DIRECTION_OUT)
    await hearing.hear("contacts", ATTEMPT, 1, started)
    await hearing.hear("contacts", ATTEMPT, 2, messages.AttemptDispatched(**of))
    await hearing.hear("contacts", ATTEMPT, 3, messages.AttemptDelivered(**of))
    await hearing.hear("contacts", ATTEMPT, 2, messages.AttemptDispatched(**of))  # again, and late
    outcome = [words.OUTCOME_FLAG_HUMAN, words.OUTCOME_FLAG_PROMISE]
    await hearing.hear("contacts", ATTEMPT, 4, messages.OutcomeRecorded(**of, outcome=words.OUTCOME_PROMISE, flags=outcome))
    await hearing.hear("contacts", ATTEMPT, 5, messages.OutcomeCorrected(**of, code="NO_PROMISE", flags=outcome[:1]))
    told = await facts(caller, case_id, "InteractionRecorded", "OutcomeRevised")
    assert [why for _, why in told] == [
        "email from us, started",
        "dispatched",
        "delivered",
        "done: promise (human, promise)",
        "done: no promise (human)",
    ]
    assert (told[0][0].permit_id, told[0][0].request_id, told[3][0].origin.version) == (PERMIT.bytes, REQUEST.bytes, 4)


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (messages.AttemptBounced(cause=words.DELIVERY_CAUSE_ADDRESS_UNKNOWN), "bounced: address unknown"),
        (messages.AttemptFailed(cause=words.DELIVERY_CAUSE_TOO_LATE), "failed: too late"),
        (messages.AttemptCancelled(reason_code="CONTACT_IS_ON_HOLD"), "cancelled: contact is on hold"),
    ],
)
async def test_a_message_that_does_not_arrive_says_why(cases: Running, hearing: Hearing, fact: Any, why: str) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    of = {"interaction_id": ATTEMPT.bytes, "case_id": UUID(case_id).bytes, "person_id": PERSON.bytes}
    await hearing.hear("contacts", ATTEMPT, 1, messages.AttemptStarted(**of, channel=contacts.CHANNEL_EMAIL))
    fact.MergeFrom(type(fact)(**of))
    await hearing.hear("contacts", ATTEMPT, 2, fact)
    assert [each for _, each in await facts(caller, case_id, "OutcomeRevised")] == [why]


async def test_an_answer_that_comes_to_us_begins_with_its_outcome_and_one_about_no_case_is_passed_over(
    cases: Running, hearing: Hearing
) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    told = {"person_id": PERSON.bytes, "channel": contacts.CHANNEL_CALL, "direction": contacts.DIRECTION_IN, "code": "SAYS_PAID"}
    await hearing.hear("contacts", ATTEMPT, 1, messages.OutcomeRecorded(interaction_id=ATTEMPT.bytes, case_id=UUID(case_id).bytes, **told))
    await hearing.hear("contacts", PERMIT, 1, messages.OutcomeRecorded(interaction_id=PERMIT.bytes, **told))
    assert [why for _, why in await facts(caller, case_id, "InteractionRecorded")] == ["call to us, done: says paid"]


def requested(case_id: str, kind: strategies.RequestKind, **other: Any) -> strategy.TreatmentRequested:
    return strategy.TreatmentRequested(
        request_id=REQUEST.bytes, case_id=UUID(case_id).bytes, kind=kind, strategy_version=2, step="remind", **other
    )


async def test_a_message_that_strategy_asks_for_is_told_with_its_step(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    wanted = requested(
        case_id,
        strategies.REQUEST_KIND_MESSAGE,
        person_id=PERSON.bytes,
        channel=contacts.CHANNEL_EMAIL,
        purpose=contacts.PURPOSE_REMINDER,
        template="first-reminder",
    )
    for _ in range(2):
        await hearing.hear("strategy", uuid4(), 5, wanted)
    ((fact, why),) = await facts(caller, case_id, "TreatmentRecorded", "AssignmentRequested")
    assert (fact.template, why) == ("first-reminder", "step remind of strategy 2: email for reminder")


async def test_what_is_for_an_agent_makes_the_case_wait_for_one(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    wanted = requested(case_id, strategies.REQUEST_KIND_HAND_TO_AGENT, skills=["LATE_STAGE"], language="es", reason_code="PROMISE_BROKEN")
    await hearing.hear("strategy", uuid4(), 5, wanted)
    told = await facts(caller, case_id, "TreatmentRecorded", "AssignmentRequested")
    assert [why for _, why in told] == ["step remind of strategy 2: for an agent", "promise broken"]
    assert (list(told[1][0].skills), told[1][0].language) == (["LATE_STAGE"], "es")


async def test_a_payment_under_way_is_told_until_it_fails(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    of = {"payment_id": ATTEMPT.bytes, "case_id": UUID(case_id).bytes}
    amount = {"currency_code": "EUR", "minor_units": 4_000}
    await hearing.hear("payments", ATTEMPT, 1, payments.PaymentInitiated(**of, amount=amount, method="LINK"))
    await hearing.hear("payments", ATTEMPT, 2, payments.PaymentFailed(**of, cause="DECLINED"))
    told = await facts(caller, case_id, "MoneyOnItsWayNoted", "MoneyOnItsWaySettled")
    assert [why for _, why in told] == ["a payment of 40.00 EUR is under way", "failed"]


# Who heeds a hold --------------------------------------------------------------------------------------------------------


async def a_hold(caller: Caller, case_id: str, **other: Any) -> str:
    wanted = {"kind": holds.HOLD_KIND_STATUTORY_BREATHING_SPACE, "reason_code": "ASKED", **other}
    return str((await caller.PlaceHold(case_id=case_id, **wanted)).hold_id)


async def acknowledgements(caller: Caller, case_id: str, hold_id: str = "") -> heeding.HoldHeeding:
    (found,) = (await caller.GetHoldAcknowledgements(case_id=case_id, hold_id=hold_id)).holds
    assert isinstance(found, heeding.HoldHeeding)
    return found


def heeded(case_id: str, hold_id: str, now: datetime) -> dict[str, Any]:
    origin = Causation(stream_id=UUID(case_id).bytes, version=5)
    return {"case_id": UUID(case_id).bytes, "hold_id": UUID(hold_id).bytes, "origin": origin, "heeded_at": at(now)}


async def test_all_three_act_on_a_hold_and_whom_we_contacted_meanwhile_is_listed(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_("compliance", "supervisor", "operator")
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    hold_id = await a_hold(caller, case_id)
    now = cases.clock.now()
    found = await acknowledgements(caller, case_id)
    assert list(found.awaited) == ["contacts", "payments", "strategy"]
    assert found.heed_by.ToDatetime(UTC) == now + timedelta(seconds=30)

    await cases.clock.advance(now + timedelta(seconds=2))
    of = heeded(case_id, hold_id, cases.clock.now())
    between = casefiles.ContactMade(interaction_id=ATTEMPT.bytes, at=at(now + timedelta(seconds=1)), channel=contacts.CHANNEL_SMS)
    await hearing.hear("contacts", UUID(int=1), 2, casefiles.HoldHeeded(**of, permits_revoked=[PERMIT.bytes], contacts_between=[between]))
    await hearing.hear("payments", UUID(int=2), 2, payments.HoldHeeded(**of, links_frozen=[bytes(16), bytes(16)]))
    await hearing.hear("payments", UUID(int=2), 3, payments.HoldHeeded(**of))
    await hearing.hear("strategy", UUID(int=3), 2, strategy.HoldHeeded(**of, steps_stopped=["remind"]))

    found = await acknowledgements(caller, case_id, hold_id)
    assert [(each.service, each.stopped) for each in found.acknowledgements] == [("contacts", 1), ("payments", 2), ("strategy", 1)]
    # By the clock of the log, which goes on by a microsecond with each unit.
    assert [round(each.latency.ToTimedelta().total_seconds(), 3) for each in found.acknowledgements] == [2.0, 2.0, 2.0]
    assert [(each.interaction_id, each.channel) for each in found.acknowledgements[0].contacts_between] == [
        (str(ATTEMPT), contacts.CHANNEL_SMS)
    ]
    assert (list(found.awaited), list(found.missed)) == ([], [])
    await cases.clock.advance(now + timedelta(minutes=5))
    assert await facts(caller, case_id, "HoldAcknowledgementMissed") == []


async def test_who_does_not_act_in_time_is_told_once_and_may_still_act(cases: Running, hearing: Hearing) -> None:
    caller = cases.as_("compliance", "supervisor", "operator")
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    hold_id = await a_hold(caller, case_id)
    now = cases.clock.now()
    of = heeded(case_id, hold_id, now)
    await hearing.hear("strategy", UUID(int=3), 2, strategy.HoldHeeded(**of))
    await cases.clock.advance(now + timedelta(seconds=31))

    async def is_told() -> bool:
        return bool(await facts(caller, case_id, "HoldAcknowledgementMissed"))

    await eventually(is_told)
    ((fact, why),) = await facts(caller, case_id, "HoldAcknowledgementMissed")
    assert (list(fact.services), why) == (["contacts", "payments"], "contacts, payments did not act on it in time")

    await hearing.hear("contacts", UUID(int=1), 2, casefiles.HoldHeeded(**of))
    found = await acknowledgements(caller, case_id)
    assert (list(found.awaited), list(found.missed)) == (["payments"], ["contacts", "payments"])
    await cases.clock.advance(now + timedelta(hours=1))
    assert len(await facts(caller, case_id, "HoldAcknowledgementMissed")) == 1


async def test_a_hold_that_is_over_or_stops_nothing_of_theirs_concerns_nobody(cases: Running) -> None:
    caller = cases.as_("compliance", "supervisor", "operator")
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 2, 1), 100))
    await a_hold(caller, case_id, kind=holds.HOLD_KIND_HARDSHIP_REVIEW, scopes=[holds.HOLD_SCOPE_INTEREST])
    found = await acknowledgements(caller, case_id)
    assert (list(found.awaited), found.HasField("heed_by")) == ([], False)
