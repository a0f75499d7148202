"""Payments: money that came, whose it is, and whether it is still ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Due, Fact, Stream
from services.kernel.money import Money
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal
from services.payments.domain import under_way
from services.payments.domain.source import PaymentSource, SourceKind, must_exist
from services.payments.domain.under_way import UnderWay

AMOUNT_MINOR_UNITS_MAX = 10**15
VALUE_DATE_YEAR_MIN = 2000
CASES_MAX = 20


class MatchRule(Enum):
    REFERENCE = 1
    BY_HAND = 2


class PaymentReversalCause(Enum):
    RETURNED = 1
    CHARGEBACK = 2
    ENTERED_IN_ERROR = 3


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """A payment as its source tells it. Whose it is: a case, or a creditor's reference, or nothing is said."""

    source_id: UUID
    provider_ref: str
    amount: Money
    value_date: date
    case_id: UUID | None = None
    client_id: UUID | None = None
    external_ref: str = ""
    designated_debt_ids: tuple[UUID, ...] = ()
    commitment_id: UUID | None = None
    attempt_id: UUID | None = None
    link_id: UUID | None = None
    file_ref: str = ""
    line: int = 0


# What happened ---------------------------------------------------------------


class PaymentReceived(Fact):
    payment_id: UUID
    source_id: UUID
    source: SourceKind
    provider_ref: str
    amount: Money
    value_date: date
    case_id: UUID | None
    client_id: UUID | None
    external_ref: str
    designated_debt_ids: tuple[UUID, ...]
    commitment_id: UUID | None
    attempt_id: UUID | None
    link_id: UUID | None
    file_ref: str
    line: int

    def apply(self, payment: Payment) -> None:
        payment.terms = PaymentTerms(
            self.source_id,
            self.provider_ref,
            self.amount,
            self.value_date,
            self.case_id,
            self.client_id,
            self.external_ref,
            self.designated_debt_ids,
            self.commitment_id,
            self.attempt_id,
            self.link_id,
            self.file_ref,
            self.line,
        )
        payment.source = self.source
        if self.case_id is not None:
            payment.case_ids = (self.case_id,)


class PaymentMatched(Fact):
    payment_id: UUID
    case_id: UUID
    rule: MatchRule

    def apply(self, payment: Payment) -> None:
        payment.case_ids = (*payment.case_ids, self.case_id)
        payment.waits_apart = False


class PaymentUnmatched(Fact):
    payment_id: UUID
    case_id: UUID
    reason_code: str

    def apply(self, payment: Payment) -> None:
        payment.case_ids = tuple(case_id for case_id in payment.case_ids if case_id != self.case_id)
        payment.waits_apart = True


class PaymentReversed(Fact):
    payment_id: UUID
    cause: PaymentReversalCause
    value_date: date
    amount: Money
    evidence_ref: str

    def apply(self, payment: Payment) -> None:
        payment.reversed_on, payment.reversed_because = self.value_date, self.cause


# Where it stands -------------------------------------------------------------


class Payment(Stream):
    begins_with = ("PaymentReceived", "PaymentInitiated")

    def __init__(self) -> None:
        self.under_way: UnderWay | None = None
        """How it was begun here, where it was; it goes on from there to be received, or not."""
        self.terms = PaymentTerms(UUID(int=0), "", Money.zero(""), date.min)
        self.source = SourceKind.MANUAL
        self.case_ids: tuple[UUID, ...] = ()
        """Cases in whose ledgers its money is or waits; the last is the one it was found to be of last."""
        self.waits_apart = False
        """It was taken off a case, and waits under its own name since."""
        self.reversed_on: date | None = None
        self.reversed_because: PaymentReversalCause | None = None

    @property
    def is_received(self) -> bool:
        return not self.terms.amount.is_zero

    @property
    def is_reversed(self) -> bool:
        return self.reversed_on is not None

    @property
    def suspense_id(self) -> UUID:
        """Where it waits while no case is named."""
        if not self.waits_apart and self.terms.client_id is not None and self.terms.external_ref:
            return suspense_of_reference(self.terms.client_id, self.terms.external_ref)
        return suspense_of_payment(self.id)

    @property
    def waits_in_suspense(self) -> bool:
        """Outside any case's ledger."""
        return self.is_received and not self.is_reversed and (not self.case_ids or self.waits_apart)

    def due(self) -> Iterable[Due]:
        return under_way.due(self)


def suspense_of_reference(client_id: UUID, external_ref: str) -> UUID:
    """The stream in which money waits under a creditor's reference."""
    return ids.derived("suspense", "reference", client_id, external_ref)


def suspense_of_payment(payment_id: UUID) -> UUID:
    """The stream in which a payment waits that came under no name."""
    return ids.derived("suspense", "payment", payment_id)


def tells_the_same(known: PaymentTerms, told: PaymentTerms) -> bool:
    """Whether a source tells again what it told before: in another file perhaps, and before its case was known perhaps."""
    is_same_case = told.case_id == known.case_id or (told.case_id is None and bool(told.external_ref))
    return is_same_case and _what_it_says(known) == _what_it_says(told)


def _what_it_says(terms: PaymentTerms) -> tuple[object, ...]:
    return (
        terms.amount,
        terms.value_date,
        terms.client_id,
        terms.external_ref,
        terms.designated_debt_ids,
        terms.commitment_id,
        terms.attempt_id,
        terms.link_id,
    )


# What may be decided ---------------------------------------------------------


class PaymentIsUnknown(IsUnknown):
    """There is no such payment, or none that the caller may see."""


class ReferenceIsOfAnotherPayment(AlreadyExists):
    """The source has told a payment under this reference already, and it is another one."""


class PaymentIsReversed(Refusal):
    """The money was taken back."""


class PaymentIsReversedOtherwise(Refusal):
    """The payment was reversed already, for another cause or from another day on."""


class PaymentIsOfCaseAlready(Refusal):
    """The payment is this case's already."""


class PaymentIsNotOfCase(Refusal):
    """The payment is not this case's."""


class PaymentHasTooManyCases(Refusal):
    """The payment is spread over as many cases as it may be."""


class MovedMeanwhile(Exception):
    """The payment was matched, taken off a case or reversed since its streams were chosen: choose again. Nothing is stored."""


def receive(payment: Payment, source: PaymentSource, terms: PaymentTerms) -> None:
    """Money came. The caller claims the source's reference, so that it comes once."""
    if payment.is_received:
        return
    must_exist(source)
    _check(terms, source.today_at(payment))
    payment.tell(
        PaymentReceived(
            **payment.next(),
            payment_id=payment.id,
            source_id=terms.source_id,
            source=source.kind,
            provider_ref=terms.provider_ref,
            amount=terms.amount,
            value_date=terms.value_date,
            case_id=terms.case_id,
            client_id=terms.client_id,
            external_ref=terms.external_ref,
            designated_debt_ids=terms.designated_debt_ids,
            commitment_id=terms.commitment_id,
            attempt_id=terms.attempt_id,
            link_id=terms.link_id,
            file_ref=terms.file_ref,
            line=terms.line,
        )
    )


def match(payment: Payment, case_id: UUID, rule: MatchRule, seen: int) -> None:
    """It was found out whose it is. `seen`: the version on which that was found."""
    must_be_as_seen(payment, seen)
    must_be_ours(payment)
    if case_id in payment.case_ids:
        raise PaymentIsOfCaseAlready(case_id=case_id)
    if len(payment.case_ids) >= CASES_MAX:
        raise PaymentHasTooManyCases(cases_max=CASES_MAX)
    payment.tell(PaymentMatched(**payment.next(), payment_id=payment.id, case_id=case_id, rule=rule))


def unmatch(payment: Payment, case_id: UUID, reason_code: str, seen: int) -> None:
    """It is not that case's after all. Asked again: told once."""
    must_be_as_seen(payment, seen)
    must_be_ours(payment)
    if case_id not in payment.case_ids:
        raise PaymentIsNotOfCase(case_id=case_id)
    payment.tell(PaymentUnmatched(**payment.next(), payment_id=payment.id, case_id=case_id, reason_code=reason_code))


def reverse(
    payment: Payment, source: PaymentSource, cause: PaymentReversalCause, value_date: date | None, evidence_ref: str, seen: int
) -> None:
    """The money was taken back, from that day on (None: today). The same again: told once."""
    if not payment.is_received:
        raise PaymentIsUnknown
    if payment.is_reversed:
        if payment.reversed_because is cause and value_date in (None, payment.reversed_on):
            return
        raise PaymentIsReversedOtherwise(reversed_on=payment.reversed_on, cause=payment.reversed_because and payment.reversed_because.name)
    must_be_as_seen(payment, seen)
    today = source.today_at(payment)
    since = today if value_date is None else value_date
    if since > today:
        raise IsInvalid("value_date", "lies in the future", today=today)
    if since < payment.terms.value_date:
        raise IsInvalid("value_date", "lies before the payment's own", value_date=payment.terms.value_date)
    payment.tell(
        PaymentReversed(
            **payment.next(),
            payment_id=payment.id,
            cause=cause,
            value_date=since,
            amount=payment.terms.amount,
            evidence_ref=evidence_ref,
        )
    )


def must_be_as_seen(payment: Payment, seen: int) -> None:
    if payment.version != seen:
        raise MovedMeanwhile


def must_be_ours(payment: Payment) -> None:
    if not payment.is_received:
        raise PaymentIsUnknown
    if payment.is_reversed:
        raise PaymentIsReversed(reversed_on=payment.reversed_on)


def _check(terms: PaymentTerms, today: date) -> None:
    if not 0 < terms.amount.minor_units <= AMOUNT_MINOR_UNITS_MAX:
        raise IsInvalid("amount.minor_units", f"must be between 1 and {AMOUNT_MINOR_UNITS_MAX}")
    if terms.value_date > today:
        raise IsInvalid("value_date", "lies in the future", today=today)
    if terms.value_date.year < VALUE_DATE_YEAR_MIN:
        raise IsInvalid("value_date", f"must not lie before {VALUE_DATE_YEAR_MIN}")
