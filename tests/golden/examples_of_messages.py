"""One example of each fact of messages. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import (
    AttemptBounced,
    AttemptCancelled,
    AttemptDelivered,
    AttemptDispatched,
    AttemptFailed,
    AttemptLinkIssued,
    AttemptStarted,
    Interaction,
    OutcomeCorrected,
    OutcomeRecorded,
)
from services.contacts.domain.outcomes import Outcome, OutcomeCodeMapped, OutcomeCodes, OutcomeCodeWithdrawn, OutcomeFlag
from services.contacts.domain.spoken_of import Creditor, CreditorNoted, PromiseNoted, PromiseSpokenOf
from services.contacts.domain.template import (
    ContentCheck,
    MessageTemplateApproved,
    MessageTemplateRetired,
    Template,
    TemplateDrafted,
)
from services.kernel.facts import Causation, Fact, Stream
from services.kernel.sealed import Sealed
from tests.golden.examples_of_cases import CASE, CLIENT, DEBTOR, at, eur

TEMPLATE = UUID("0195c001-0000-7000-8000-000000000201")
CODES = UUID("0195c001-0000-7000-8000-000000000202")
SENT = UUID("0195c001-0000-7000-8000-000000000203")
FAILED = UUID("0195c001-0000-7000-8000-000000000204")
CANCELLED = UUID("0195c001-0000-7000-8000-000000000205")
CALL = UUID("0195c001-0000-7000-8000-000000000206")
CREDITOR = UUID("0195c001-0000-7000-8000-000000000207")
PROMISE = UUID("0195c001-0000-7000-8000-000000000208")
PERMIT = UUID("0195c001-0000-7000-8000-000000000209")
POINT = UUID("0195c001-0000-7000-8000-00000000020a")
REQUEST = UUID("0195c001-0000-7000-8000-00000000020b")
LINK = UUID("0195c001-0000-7000-8000-00000000020c")
SOURCE = hashlib.sha256(b"{{ sender }}").digest()
UNTIL = datetime(2026, 3, 3, 9, 15, 0, 250_000, tzinfo=UTC)


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield Template, _a_template()
    yield OutcomeCodes, _codes()
    yield Interaction, _a_message()
    yield Interaction, _a_message_that_failed()
    yield Interaction, _a_message_that_came_to_nothing()
    yield Interaction, _a_call()
    yield Creditor, [CreditorNoted(**at(CREDITOR, 1), client_id=CLIENT, name="Banco Ejemplo", origin=Causation(CLIENT, 1))]
    noted = PromiseNoted(
        **at(PROMISE, 1), promise_id=PROMISE, case_id=CASE, due_on=date(2026, 3, 31), amount=eur(12_000), origin=Causation(CASE, 40)
    )
    yield PromiseSpokenOf, [noted]


def _a_template() -> list[Fact]:
    return [
        TemplateDrafted(
            **at(TEMPLATE, 1),
            template_id=TEMPLATE,
            version=1,
            name="first-reminder",
            channel=Channel.EMAIL,
            purpose=Purpose.REMINDER,
            locale="es-ES",
            jurisdiction="ES",
            subject="Su expediente {{ reference }}",
            body="{{ sender }} {{ creditor }}",
            source_hash=SOURCE,
            variables=("creditor", "reference", "sender"),
            checks=(ContentCheck("ANY.SENDER", "house"), ContentCheck("ANY.CREDITOR", "GDPR art. 28")),
            content_rules_version="2026.11.0",
            author="https://issuer#ana",
            needs=("creditor", "reference", "sender"),
        ),
        MessageTemplateApproved(**at(TEMPLATE, 2), template_id=TEMPLATE, version=1, source_hash=SOURCE, approver="https://issuer#bea"),
        MessageTemplateRetired(**at(TEMPLATE, 3), template_id=TEMPLATE, version=1, reason_code="NEW_LAW"),
    ]


def _codes() -> list[Fact]:
    mapped = OutcomeCodeMapped(**at(CODES, 1), code="PTP", outcome=Outcome.PROMISE, flags=(OutcomeFlag.CALLBACK,), label="Promise to pay")
    return [mapped, OutcomeCodeWithdrawn(**at(CODES, 2), code="PTP")]


def _started(interaction_id: UUID) -> AttemptStarted:
    return AttemptStarted(
        **at(interaction_id, 1),
        interaction_id=interaction_id,
        permit_id=PERMIT,
        case_id=CASE,
        person_id=DEBTOR,
        channel=Channel.EMAIL,
        direction=Direction.OUT,
        purpose=Purpose.PROMISE_FOLLOW_UP,
        point_id=POINT,
        template_id=TEMPLATE,
        template_version=1,
        request_ref=REQUEST,
        link_token_hash=hashlib.sha256(b"token").digest(),
        promise_id=PROMISE,
        currency_code="EUR",
        locale="es-ES",
        obligations=("INCLUDE_OPT_OUT",),
        send_before=UNTIL,
    )


def _a_message() -> list[Fact]:
    return [
        _started(SENT),
        AttemptLinkIssued(**at(SENT, 2), interaction_id=SENT, case_id=CASE, link_id=LINK, expires_at=UNTIL, origin=Causation(LINK, 1)),
        AttemptDispatched(
            **at(SENT, 3),
            interaction_id=SENT,
            case_id=CASE,
            person_id=DEBTOR,
            request_ref=REQUEST,
            provider_ref=f"<{SENT}@acuerdo.invalid>",
            rendered_hash=hashlib.sha256(b"rendered").digest(),
            rendered=Sealed(DEBTOR, 1, bytes(12), bytes(range(40))),
            tries=2,
            template_id=TEMPLATE,
            template_version=1,
        ),
        AttemptDelivered(
            **at(SENT, 4),
            interaction_id=SENT,
            case_id=CASE,
            person_id=DEBTOR,
            request_ref=REQUEST,
            provider_ref=f"<{SENT}@acuerdo.invalid>",
        ),
        AttemptBounced(
            **at(SENT, 5),
            interaction_id=SENT,
            case_id=CASE,
            person_id=DEBTOR,
            request_ref=REQUEST,
            point_id=POINT,
            is_permanent=True,
            cause=DeliveryCause.ADDRESS_UNKNOWN,
            status_code="5.1.1",
        ),
    ]


def _a_message_that_failed() -> list[Fact]:
    return [
        _started(FAILED),
        AttemptFailed(
            **at(FAILED, 2),
            interaction_id=FAILED,
            case_id=CASE,
            person_id=DEBTOR,
            request_ref=REQUEST,
            cause=DeliveryCause.POLICY,
            status_code="5.7.1",
            tries=3,
            may_have_been_sent=True,
        ),
    ]


def _a_message_that_came_to_nothing() -> list[Fact]:
    return [
        AttemptCancelled(
            **at(CANCELLED, 1),
            interaction_id=CANCELLED,
            case_id=CASE,
            person_id=DEBTOR,
            request_ref=REQUEST,
            reason_code="LINK_REFUSED",
            origin=Causation(LINK, 2),
            may_have_been_sent=True,
        )
    ]


def _a_call() -> list[Fact]:
    return [
        OutcomeRecorded(
            **at(CALL, 1),
            interaction_id=CALL,
            case_id=CASE,
            person_id=DEBTOR,
            channel=Channel.CALL,
            direction=Direction.OUT,
            purpose=Purpose.COLLECTION,
            code="PTP",
            outcome=Outcome.PROMISE,
            flags=(OutcomeFlag.HUMAN, OutcomeFlag.RIGHT_PARTY, OutcomeFlag.PROMISE),
            permit_id=PERMIT,
            is_breach=True,
            point_id=POINT,
            request_ref=REQUEST,
            duration_seconds=95,
            reported_by="dialer-2",
            notes=Sealed(DEBTOR, 1, bytes(range(12)), bytes(range(32))),
        ),
        OutcomeCorrected(
            **at(CALL, 2),
            interaction_id=CALL,
            case_id=CASE,
            person_id=DEBTOR,
            code="THIRD_PARTY",
            outcome=Outcome.THIRD_PARTY,
            flags=(OutcomeFlag.HUMAN, OutcomeFlag.THIRD_PARTY),
            code_before="PTP",
            outcome_before=Outcome.PROMISE,
            flags_before=(OutcomeFlag.HUMAN, OutcomeFlag.RIGHT_PARTY, OutcomeFlag.PROMISE),
            reason_code="LISTENED_AGAIN",
            request_ref=REQUEST,
        ),
    ]
