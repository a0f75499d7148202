"""What callers do where contacts and payments are there: people, permits, money, promises, holds. LOOP: how often."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as contacts
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from dev.play import ZONE
from proof.load import wording
from proof.load.asking import ask, ask_for
from proof.load.calling import Caller
from proof.load.doing import Deed
from proof.load.knowing import PHONE, Book, Known, Paid, Permit

PERSONS_MAX = 60
"""Of a tenant: then they are looked for instead."""
CHANNELS = (contacts.CHANNEL_CALL, contacts.CHANNEL_CALL, contacts.CHANNEL_EMAIL)
DIALERS = 5
"""More than any limit lets through."""
LONG_SECONDS, SHORT_SECONDS = 86_400, 3
"""How long a permit may be used: some run out while somebody is at it, and none while the judge reads the log, then the topics."""

# People ------------------------------------------------------------------------------------------------------------------


async def register_person(caller: Caller, book: Book) -> None:
    """Few, one after the other: whoever has come last is of most cases, and everybody asks for them."""
    if len(book.persons) >= PERSONS_MAX:
        await find_person(caller, book)
        return
    number = book.personal("")[:23].strip()
    points = [people.NewPoint(phone=f"+{PHONE}{book.rng.randrange(1_000):03}"), people.NewPoint(email=f"{number}@example.invalid")]
    told = await ask(
        caller,
        book,
        "People/RegisterPerson",
        request_id=book.next_id("person"),
        person=people.NewPerson(
            name=book.personal("Name"),
            national_id=people.NationalId(kind="PASSPORT", country="TW", value=number),
            points=points,
            source="CREDITOR_FILE",
            residence_country="TW",
            zones=["Asia/Taipei"],
            is_synthetic=True,
        ),
    )
    if told.is_ok:
        book.persons.append(told.reply.person_id)


async def find_person(caller: Caller, book: Book) -> None:
    """By an address that nobody has: no answer and no log repeats it."""
    email = f"{book.personal('')[:23].strip()}@example.invalid"
    await ask(caller, book, "People/FindPersons", request_id=book.next_id("find"), purpose="CASEWORK", email=email)


# Permits -----------------------------------------------------------------------------------------------------------------


async def request_permit(caller: Caller, book: Book) -> None:
    """Several at once for one person, as dialers ask; what is granted is used, given back or left to run out, by whoever comes first."""
    case = book.of_somebody()
    if case is None:
        return
    channel = book.rng.choice(CHANNELS)
    await asyncio.gather(*(_request(caller, book, case, channel) for _ in range(DIALERS)))


async def _request(caller: Caller, book: Book, case: Known, channel: contacts.Channel) -> None:
    told = await ask(
        caller,
        book,
        "Permits/RequestPermit",
        request_id=book.next_id("permit"),
        contact=permits.ContactWanted(person_id=case.person_id, case_id=case.case_id, channel=channel, purpose=contacts.PURPOSE_COLLECTION),
        valid_for=Duration(seconds=book.rng.choice((LONG_SECONDS, SHORT_SECONDS))),
        ready_to_wait=Duration(seconds=book.rng.choice((0, 86_400))),
    )
    if told.is_ok and told.reply.answer == permits.PERMIT_ANSWER_GRANTED:
        book.permits.append(Permit(told.reply.permit_id, case.person_id, case.case_id, channel))


async def consume_permit(caller: Caller, book: Book) -> None:
    """Several callers may have it in hand: one of them gets to use it."""
    if book.permits:
        permit = book.rng.choice(book.permits)
        told = await ask(
            caller,
            book,
            "Permits/ConsumePermit",
            request_id=book.next_id("use"),
            person_id=permit.person_id,
            permit_id=permit.permit_id,
            attempt_id=book.person_id(),
        )
        if told.is_ok and told.reply.is_consumed:
            await _report(caller, book, permit, told.reply.attempt_id)


async def release_permit(caller: Caller, book: Book) -> None:
    if book.permits:
        permit = book.rng.choice(book.permits)
        await ask(
            caller,
            book,
            "Permits/ReleasePermit",
            request_id=book.next_id("release"),
            person_id=permit.person_id,
            permit_id=permit.permit_id,
            reason_code="NOT_USED",
        )


async def report_outside(caller: Caller, book: Book) -> None:
    """Somebody called without asking: counted all the same."""
    if (case := book.one()) and case.person_id:
        await _report(caller, book, Permit("", case.person_id, case.case_id, contacts.CHANNEL_CALL), "")


async def _report(caller: Caller, book: Book, permit: Permit, attempt_id: str) -> None:
    at = Timestamp()
    at.FromDatetime(datetime.now(UTC) - timedelta(seconds=1))
    report = permits.AttemptReport(
        person_id=permit.person_id,
        case_id=permit.case_id,
        channel=permit.channel,  # type: ignore[arg-type]
        direction=contacts.DIRECTION_OUT,
        at=at,
        permit_id=permit.permit_id,
        attempt_id=attempt_id,
        is_conversation=book.rng.random() < 0.3,
    )
    await ask(caller, book, "Permits/ReportAttempt", request_id=book.next_id("attempt"), attempt=report)


# Money -------------------------------------------------------------------------------------------------------------------


async def record_payment(caller: Caller, book: Book) -> None:
    """Of a case, of one that only the creditor can name, or of nobody."""
    ref, case, whose = book.next_id("pay"), book.one(), book.rng.random()
    fields: dict[str, Any] = {}
    if case is not None and whose < 0.8:
        fields = {"case_id": case.case_id}
    elif case is not None and whose < 0.95:
        fields = {"client_id": book.client_id, "external_ref": case.external_ref}
    request = payments.RecordPaymentRequest(
        request_id=ref,
        source_id=book.source_id,
        provider_ref=ref,
        # Some pay more than they owe: the rest waits.
        amount=wording.money(book.rng.randint(1, 60_000) * book.rng.choice((1,) * 7 + (50_000,))),
        # What was paid before a debt counted here is nobody's to spread: some waits, most is of today.
        value_date=wording.day(datetime.now(ZONE).date() - timedelta(days=book.rng.choice((0, 0, 0, 0, 9)))),
        **fields,
    )
    told = await ask_for(caller, book, "Payments/RecordPayment", request)
    if told.is_ok:
        book.paid.append(Paid(told.reply.payment_id, request))


async def tell_a_payment_again(caller: Caller, book: Book) -> None:
    """The same reference under another request: the payment that is there, or, of another amount, a refusal."""
    if book.paid:
        request = payments.RecordPaymentRequest()
        request.CopyFrom(book.rng.choice(book.paid).request)
        request.request_id = book.next_id("pay-again")
        request.amount.minor_units += book.rng.choice((0, 0, 1))
        await ask_for(caller, book, "Payments/RecordPayment", request)


async def reverse_payment(caller: Caller, book: Book) -> None:
    if book.paid:
        await ask(
            caller,
            book,
            "Payments/ReversePayment",
            request_id=book.next_id("reverse"),
            payment_id=book.rng.choice(book.paid).payment_id,
            cause=receipts.PAYMENT_REVERSAL_CAUSE_RETURNED,
        )


async def complete_source(caller: Caller, book: Book) -> None:
    await ask(
        caller,
        book,
        "Payments/CompletePaymentSource",
        request_id=book.next_id("complete"),
        source_id=book.source_id,
        complete_through=wording.day(wording.today()),
        evidence_ref="file",
    )


# Promises and holds ------------------------------------------------------------------------------------------------------


async def make_promise(caller: Caller, book: Book) -> None:
    if case := book.one(is_open=True):
        day = wording.day(wording.today() + timedelta(days=book.rng.randint(2, 20)))
        part = promises.PromisePart(date=day, amount=wording.money(book.rng.randint(1, 20_000)))
        await ask(caller, book, "Promises/MakePromise", request_id=book.next_id("promise"), case_id=case.case_id, parts=[part])


async def place_hold(caller: Caller, book: Book) -> None:
    """Mostly where somebody has a permit in hand: that one must be taken back."""
    if case := book.of_a_permit() or book.one(is_open=True):
        told = await ask(
            caller,
            book,
            "Cases/PlaceHold",
            request_id=book.next_id("hold"),
            case_id=case.case_id,
            kind=book.rng.choice((holds.HOLD_KIND_HARDSHIP_REVIEW, holds.HOLD_KIND_CLIENT_REQUEST, holds.HOLD_KIND_VULNERABILITY)),
            reason_code="ASKED_FOR",
        )
        if told.is_ok:
            case.holds.append(told.reply.hold_id)


async def lift_hold(caller: Caller, book: Book) -> None:
    held = [case for case in book.cases.values() if case.holds]
    if held:
        case = book.rng.choice(held)
        hold_id = case.holds.pop()
        await ask(
            caller,
            book,
            "Cases/LiftHold",
            request_id=book.next_id("lift"),
            case_id=case.case_id,
            hold_id=hold_id,
            reason_code="OVER",
            evidence_refs=["E-4"],
        )


LOOP: dict[Deed, int] = {
    register_person: 4,
    find_person: 1,
    request_permit: 10,
    consume_permit: 10,
    release_permit: 5,
    report_outside: 1,
    record_payment: 14,
    tell_a_payment_again: 5,
    reverse_payment: 4,
    complete_source: 1,
    make_promise: 6,
    place_hold: 4,
    lift_hold: 4,
}
"""How often each is done, beside DEEDS."""
