"""What contacts, payments and cases tell, as their own messages, moves a treatment: permits, promises, money on its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.contacts.v1 import decisions_pb2 as decisions
from acuerdo.contacts.v1 import message_events_pb2 as messages
from acuerdo.contacts.v1 import permits_pb2 as permits
from acuerdo.payments.v1 import events_pb2 as payments
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from services.chassis.follower import marks
from services.chassis.heard import Heard
from services.chassis.log.connections import dsn_as
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, HeardFact, HeardUpTo
from services.kernel.ids import derived
from services.strategy import application
from services.strategy.domain import treatment
from services.strategy.domain.asking import TreatmentRequested
from services.strategy.domain.expecting import expected
from services.strategy.domain.happenings import PromiseState
from services.strategy.domain.strategies import Migration
from services.strategy.domain.treatment import Treatment
from services.strategy.reactions import REACTIONS
from tests.services.strategy.examples import THE_CASE, THE_TENANT
from tests.services.strategy.hearing import Hearing, attached, bucket, day, paid, registered
from tests.services.strategy.stories import A_PAYMENT, A_PROMISE, LISTEN_FIRST, THE_DEBTOR

PERSON_STREAM, FOLLOWERS = UUID(int=71), {"contacts": "strategy.contacts", "payments": "strategy.payments"}


def day_of(at: datetime) -> Date:
    return Date(year=at.year, month=at.month, day=at.day)


class Others:
    """Contacts and payments, each heard by a follower of its own."""

    def __init__(self, log: Log) -> None:
        self._log, self._positions, self._version = log, dict.fromkeys(FOLLOWERS, 0), 0

    async def tell(self, source: str, fact: Message, is_history: bool = False) -> None:
        self._version += 1
        position = self._positions[source] + 1
        meta = EventMeta(tenant_id=THE_TENANT, stream_id=PERSON_STREAM.bytes, version=self._version)
        now = datetime.now(UTC)
        heard: Heard[Any] = Heard(fact, meta, position, now, is_history)
        origin = HeardFact(FOLLOWERS[source], THE_TENANT, heard.origin, derived("correlation", 1), now)
        changes = list(REACTIONS[source][type(fact)](heard))  # type: ignore[operator]
        if changes:
            to = HeardUpTo(FOLLOWERS[source], source, 1, 0, self._positions[source], position)
            await self._log.run_heard(to, [(origin, changes)])
            self._positions[source] = position


@pytest.fixture
async def others(log: Log, database: str) -> Others:
    async with await psycopg.AsyncConnection.connect(
        dsn_as(database, "strategy_follower", "search_path=strategy"), autocommit=True
    ) as follower:
        for source, name in FOLLOWERS.items():
            await marks.open_position(follower, marks.At(name, source, 1, 0), 0)
    return Others(log)


@pytest.fixture
async def reminded(log: Log, hearing: Hearing) -> Hearing:
    """A case of whose debtor a reminder was asked for."""
    for number, change in enumerate(
        (
            application.publish_strategy(THE_TENANT, LISTEN_FIRST),
            application.activate_strategy(THE_TENANT, 1, Migration.FINISH_STEP, (), ""),
        )
    ):
        await log.run(Command(THE_TENANT, "ana", "strategy", str(number), b"p" * 32, Actor("AGENT", "ana")), change)
    late = bucket("", "1")
    late.past_due_units = 1
    late.since.CopyFrom(day(30))
    party = cases.PartyAdded(person_id=THE_DEBTOR.bytes, role=1, liability=1)  # type: ignore[arg-type]
    await hearing.hear((1, registered()), (2, party), (3, attached(1_500_000)), (4, cases.CaseOpened(reason="RELEASED")), (5, late))
    return hearing


async def of(log: Log) -> Treatment:
    return await log.load(Treatment, treatment.stream_of(THE_CASE), THE_TENANT)


async def requests(log: Log) -> list[TreatmentRequested]:
    records = await log.read_stream(treatment.stream_of(THE_CASE), THE_TENANT)
    facts = [log.service.mapper.decode(record.event) for record in records]
    return [fact for fact in facts if isinstance(fact, TreatmentRequested)]


def instant(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


async def permit(log: Log, kind: Any, **more: Any) -> Message:
    """Contacts' answer to the last request."""
    request = (await requests(log))[-1]
    reason = decisions.PolicyReason(rule_id="weekly", code="COUNT_EXCEEDED")
    answer: Message = kind(
        permit_id=UUID(int=72).bytes,
        case_id=THE_CASE.bytes,
        person_id=THE_DEBTOR.bytes,
        request_ref=request.request_id.bytes,
        decision=decisions.ContactDecision(reasons=[reason]),
        **more,
    )
    return answer


# Contacts --------------------------------------------------------------------------------


async def test_a_deferred_permit_is_asked_for_again_when_its_time_has_come(log: Log, reminded: Hearing, others: Others) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    await others.tell("contacts", await permit(log, permits.ContactPermitDeferred, until=instant(until)))
    assert expected(await of(log)) == ("TIME", until)


async def test_a_denied_permit_takes_the_way_that_the_strategy_has_for_it(log: Log, reminded: Hearing, others: Others) -> None:
    await others.tell("contacts", await permit(log, permits.ContactPermitDenied))
    assert ((await of(log)).course.at, [request.step for request in await requests(log)][-1]) != (None, "remind")
    assert (await requests(log))[-1].reason_code == "NO_ANSWER"


async def test_a_granted_permit_and_another_s_are_no_step(log: Log, reminded: Hearing, others: Others) -> None:
    await others.tell("contacts", await permit(log, permits.ContactPermitGranted))
    before = (await of(log)).version
    await others.tell("contacts", permits.ContactPermitDenied(case_id=THE_CASE.bytes, person_id=THE_DEBTOR.bytes))
    assert ((await of(log)).version, (await of(log)).course.last_answer) == (before, "granted")


# Payments and cases ------------------------------------------------------------------------


async def test_a_payment_under_way_is_waited_for_and_counts_when_it_is_applied(log: Log, reminded: Hearing, others: Others) -> None:
    initiated = payments.PaymentInitiated(
        payment_id=A_PAYMENT.bytes, case_id=THE_CASE.bytes, times_out_at=instant(datetime.now(UTC) + timedelta(days=1))
    )
    await others.tell("payments", initiated)
    await others.tell("contacts", await permit(log, permits.ContactPermitDeferred, until=instant(datetime.now(UTC))))
    assert (expected(await of(log))[0], len(await requests(log))) == ("MONEY", 1)
    await reminded.hear((6, recorded.MoneyOnItsWayNoted(money_id=A_PAYMENT.bytes, kind=recorded.MONEY_KIND_PAYMENT)))
    await reminded.hear((7, recorded.MoneyOnItsWaySettled(money_id=A_PAYMENT.bytes, reason_code="RECEIVED")))
    assert list((await of(log)).money) == [A_PAYMENT]
    applied = cases.PaymentApplied(
        payment_id=A_PAYMENT.bytes, allocation_id=UUID(int=73).bytes, lines=[paid(100)], value_date=day(31), amount=paid(100).amount
    )
    await reminded.hear((8, applied))
    found = await of(log)
    assert (found.money, len(found.payments), len(await requests(log))) == ({}, 1, 2)
    same = {name: getattr(applied, name) for name in ("payment_id", "allocation_id", "lines", "value_date")}
    await reminded.hear((9, cases.PaymentUnapplied(**same)))
    assert not (await of(log)).payments


@pytest.mark.parametrize("kind", [payments.PaymentFailed, payments.PaymentTimedOut])
async def test_a_payment_that_does_not_come_is_waited_for_no_longer(log: Log, reminded: Hearing, others: Others, kind: Any) -> None:
    await others.tell("payments", payments.PaymentInitiated(payment_id=A_PAYMENT.bytes, case_id=THE_CASE.bytes))
    await others.tell("contacts", await permit(log, permits.ContactPermitDeferred, until=instant(datetime.now(UTC))))
    await others.tell("payments", kind(payment_id=A_PAYMENT.bytes, case_id=THE_CASE.bytes))
    assert ((await of(log)).money, len(await requests(log))) == ({}, 2)


async def test_unmatched_money_is_waited_for_until_it_is_resolved(log: Log, reminded: Hearing, others: Others) -> None:
    item = UUID(int=74).bytes
    await reminded.hear((6, recorded.MoneyOnItsWayNoted(money_id=item, kind=recorded.MONEY_KIND_UNMATCHED)))
    await others.tell("contacts", await permit(log, permits.ContactPermitDeferred, until=instant(datetime.now(UTC))))
    assert len(await requests(log)) == 1
    await reminded.hear((7, recorded.MoneyOnItsWaySettled(money_id=item, reason_code="RESOLVED")))
    assert len(await requests(log)) == 2


async def test_a_promise_is_followed_from_its_making_to_its_end_and_back(log: Log, reminded: Hearing, others: Others) -> None:
    ahead, key = datetime.now(UTC) + timedelta(days=30), A_PROMISE.bytes
    made = promises.PromiseMade(promise_id=key, parts=[promises.PromisePart(date=day_of(ahead))], grace_days=1)

    async def state(version: int, fact: Message) -> tuple[str, PromiseState]:
        await reminded.hear((version, fact))
        found = await of(log)
        assert found.course.at is not None
        return found.course.at.step, found.promises.by_id[A_PROMISE].state

    assert await state(6, made) == ("follow_promise", PromiseState.OPEN)
    assert (await of(log)).promises.by_id[A_PROMISE].deadline == (ahead + timedelta(days=1)).date()
    assert await state(7, promises.PromiseReminderDue(promise_id=key, part=1)) == ("remind_of_promise", PromiseState.OPEN)
    assert (await requests(log))[-1].promise_id == A_PROMISE
    await others.tell("contacts", await permit(log, permits.ContactPermitDenied))
    assert await state(8, promises.PromiseUnpaidSoFar(promise_id=key)) == ("follow_promise", PromiseState.UNPAID_SO_FAR)
    assert await state(9, promises.PromiseKept(promise_id=key)) == ("rest", PromiseState.KEPT)
    assert await state(10, promises.PromiseKeptRevoked(promise_id=key, cause="RETURNED")) == ("follow_promise", PromiseState.OPEN)
    assert await state(11, promises.PromiseBroken(promise_id=key)) == ("wait_after_promise", PromiseState.BROKEN)
    assert await state(12, promises.PromiseBreakRevoked(promise_id=key)) == ("follow_promise", PromiseState.OPEN)
    assert await state(13, promises.PromiseSuspended(promise_id=key)) == ("follow_promise", PromiseState.SUSPENDED)
    assert await state(14, promises.PromiseResumed(promise_id=key, parts=made.parts)) == ("follow_promise", PromiseState.OPEN)
    assert await state(15, promises.PromisePartlyKept(promise_id=key)) == ("wait_after_promise", PromiseState.PARTLY_KEPT)
    # The wait for an answer, counted from March, is over: a person calls.
    assert await state(16, promises.PromiseCancelled(promise_id=key)) == ("call", PromiseState.CANCELLED)


async def test_every_word_of_a_promise_is_heard() -> None:
    told = {name for name in promises.DESCRIPTOR.message_types_by_name if name.startswith("Promise")}
    facts = {field.message_type.name for field in cases.CaseEvent.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type}
    heard = {fact.DESCRIPTOR.name for fact in REACTIONS["cases"]}
    assert (told & facts) - {"PromisePartPaid", "PromisePartRevoked"} <= heard


async def test_a_message_goes_out_arrives_and_comes_back(log: Log, reminded: Hearing, others: Others) -> None:
    request = (await requests(log))[0]
    about = {"interaction_id": UUID(int=75).bytes, "case_id": THE_CASE.bytes, "request_ref": request.request_id.bytes}
    await others.tell("contacts", messages.AttemptDispatched(**about))
    assert (await of(log)).course.messages_sent == 1
    await others.tell("contacts", messages.AttemptDelivered(**about))
    found = await of(log)
    assert (found.course.at and found.course.at.step, found.course.messages_sent) == ("wait_a_week", 1)
    await others.tell("contacts", messages.AttemptBounced(**about))
    assert (await of(log)).course.last_answer == "bounced"


@pytest.mark.parametrize(
    ("fact", "step"),
    [
        (messages.AttemptBounced(), "call"),
        (messages.AttemptFailed(), "call"),
        (messages.AttemptCancelled(reason_code="TEMPLATE_IS_UNKNOWN"), "call"),
        (messages.AttemptCancelled(reason_code="CONTACT_IS_ON_HOLD"), "remind"),
    ],
)
async def test_a_message_that_did_not_arrive(log: Log, reminded: Hearing, others: Others, fact: Any, step: str) -> None:
    request = (await requests(log))[0]
    fact.case_id, fact.request_ref, fact.interaction_id = THE_CASE.bytes, request.request_id.bytes, UUID(int=75).bytes
    await others.tell("contacts", fact)
    found = await of(log)
    assert found.course.at is not None
    assert found.course.at.step == step
