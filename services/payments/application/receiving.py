"""The verbs of receipts: a payment is recorded, matched, taken off a case and taken back; receipt and allocation are one unit.

From code (a link that was paid, a row of a file): `log.run(origin, *record_payment(tenant_id, new_id(), terms, case_id))`. It claims the
provider's reference: ClaimedByAnother says that the source told a payment under it already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from services.kernel.facts import Change, Claim
from services.kernel.money import Money, total
from services.kernel.refusal import Refusal
from services.payments.adapters import waterfall_document
from services.payments.domain import allocating, ledger, payment, suspense, waterfalls
from services.payments.domain.ledger import AllocationLedger, ReversalCause
from services.payments.domain.payment import MatchRule, Payment, PaymentReversalCause, PaymentTerms
from services.payments.domain.source import PaymentSource
from services.payments.domain.suspense import Suspense, SuspenseOutcome, Waiting
from services.payments.domain.waterfalls import Waterfalls

PROVIDER_REF = "provider_ref"
"""Kind of the claim that a payment comes once."""


class NothingWaits(Refusal):
    """Nothing of the payment waits in suspense."""


def reference_name(source_id: UUID, provider_ref: str) -> str:
    return f"{source_id}/{provider_ref}"


def record_payment(tenant_id: str, payment_id: UUID, terms: PaymentTerms, case_id: UUID | None = None) -> tuple[Change[Any], ...]:
    """Receipt and allocation in one unit. `case_id`: the case that its reference is known to be of, where the terms name none."""
    if terms.case_id is None and case_id is not None:
        terms = replace(terms, case_id=case_id)
    source = (PaymentSource, terms.source_id)
    received = Change(
        Payment,
        payment_id,
        partial(payment.receive, terms=terms),
        given=(source,),
        claims=(Claim(PROVIDER_REF, reference_name(terms.source_id, terms.provider_ref)),),
    )
    if terms.case_id is not None:
        return received, _take(tenant_id, payment_id, terms.case_id, is_new=True)
    return received, Change(Suspense, _suspense_id(payment_id, terms), suspense.hold, given=((Payment, payment_id), source))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A payment and the ledgers in which its money is, as they were when a plan was made. An old plan raises MovedMeanwhile."""

    payment: Payment
    ledgers: tuple[AllocationLedger, ...]
    suspense: Suspense | None = None
    """Where it waits outside any case's ledger, if it does."""

    @property
    def source(self) -> tuple[type[PaymentSource], UUID]:
        return PaymentSource, self.payment.terms.source_id


def reverse_payment(
    tenant_id: str, at: Whereabouts, cause: PaymentReversalCause, value_date: date | None, evidence_ref: str
) -> tuple[Change[Any], ...]:
    """The payment, and exactly the allocations it was spread by, in whatever ledgers they are."""
    of = at.payment
    decide = partial(payment.reverse, cause=cause, value_date=value_date, evidence_ref=evidence_ref, seen=of.version)
    changes: list[Change[Any]] = [Change(Payment, of.id, decide, given=(at.source,))]
    changes += [_take_back_reversed(tenant_id, of.id, each.id, ReversalCause[cause.name]) for each in at.ledgers]
    if at.suspense is not None:
        released = partial(suspense.release, payment_id=of.id, outcome=SuspenseOutcome.REVERSED)
        changes.append(Change(Suspense, at.suspense.id, released))
    return tuple(changes)


def resolve_suspense(tenant_id: str, at: Whereabouts, case_id: UUID) -> tuple[Change[Any], ...]:
    """Somebody found out whose money waits: it goes to that case."""
    of = at.payment
    matched = partial(payment.match, case_id=case_id, rule=MatchRule.BY_HAND, seen=of.version)
    if at.suspense is not None:
        released = partial(suspense.release, payment_id=of.id, outcome=SuspenseOutcome.MATCHED, case_id=case_id)
        return (
            Change(Payment, of.id, matched),
            Change(Suspense, at.suspense.id, released),
            _take(tenant_id, of.id, case_id, amount=_sum(of, at.suspense.waiting), is_new=True),
        )
    for where in at.ledgers:
        waiting = _sum(of, where.waiting)
        if not waiting.is_zero:
            release = partial(allocating.release, payment_id=of.id, to_case_id=case_id, held=waiting.minor_units)
            return (
                Change(Payment, of.id, matched),
                Change(AllocationLedger, where.id, release),
                _take(tenant_id, of.id, case_id, amount=waiting, is_new=True),
            )
    # Told by the decision, so that a request that is repeated gets its first answer.
    return (Change(Payment, of.id, _nothing_waits),)


def unmatch_payment(tenant_id: str, at: Whereabouts, case_id: UUID, reason_code: str) -> tuple[Change[Any], ...]:
    """It is not that case's after all: what is there of it is taken off and waits apart."""
    of, where = at.payment, ledger.stream_of(case_id)
    held = next((each.held_of(of.id) for each in at.ledgers if each.id == where), 0)
    amount = Money(of.terms.amount.currency_code, held)
    return (
        Change(Payment, of.id, partial(payment.unmatch, case_id=case_id, reason_code=reason_code, seen=of.version)),
        _take_back(tenant_id, of.id, where, ReversalCause.REALLOCATED, None, held),
        Change(
            Suspense,
            payment.suspense_of_payment(of.id),
            partial(suspense.hold, amount=amount),
            given=((Payment, of.id), at.source),
        ),
    )


# Drawn by themselves ------------------------------------------------------------------


def draw_from_suspense(payment_id: UUID, suspense_id: UUID) -> tuple[Change[Any], ...]:
    """A reference has become a case's: a payment that waits under it goes there. Nothing, where it has gone meanwhile."""

    def matched(of: Payment, waits: Suspense) -> None:
        if waits.case_id is not None and waits.waiting.of(of.id) and of.waits_in_suspense:
            payment.match(of, waits.case_id, MatchRule.REFERENCE, of.version)

    def released(waits: Suspense, of: Payment) -> None:
        if waits.case_id is not None and waits.case_id in of.case_ids:
            suspense.release(waits, of.id, SuspenseOutcome.MATCHED, waits.case_id)

    return (
        Change(Payment, payment_id, matched, given=((Suspense, suspense_id),)),
        Change(Suspense, suspense_id, released, given=((Payment, payment_id),)),
    )


def take_drawn(tenant_id: str, payment_id: UUID, case_id: UUID) -> Change[AllocationLedger]:
    """The last part of drawing: spread, or waiting with the case where that is not open yet."""

    def decide(where: AllocationLedger, of: Payment, orders: Waterfalls) -> None:
        if case_id in of.case_ids and not where.held_of(of.id) and not where.allocations_of(of.id):
            allocating.take(where, of, orders, waterfall_document.read, case_id)

    return Change(AllocationLedger, ledger.stream_of(case_id), decide, given=((Payment, payment_id), _orders(tenant_id)))


def draw_in_ledger(tenant_id: str, payment_id: UUID, ledger_id: UUID) -> Change[AllocationLedger]:
    """The case has opened, or a debt has come: what waits with it is spread."""
    decide = partial(allocating.draw, read=waterfall_document.read)
    return Change(AllocationLedger, ledger_id, decide, given=((Payment, payment_id), _orders(tenant_id)))


# Parts ----------------------------------------------------------------------------------


def _take(tenant_id: str, payment_id: UUID, case_id: UUID, amount: Money | None = None, is_new: bool = False) -> Change[AllocationLedger]:
    decide = partial(allocating.take, read=waterfall_document.read, case_id=case_id, amount=amount, is_new=is_new)
    return Change(AllocationLedger, ledger.stream_of(case_id), decide, given=((Payment, payment_id), _orders(tenant_id)))


def _nothing_waits(of: Payment) -> None:
    payment.must_be_ours(of)
    raise NothingWaits(payment_id=of.id)


def _sum(of: Payment, waiting: Waiting) -> Money:
    return total((item.amount for item in waiting.of(of.id)), of.terms.amount.currency_code)


def _take_back(
    tenant_id: str, payment_id: UUID, ledger_id: UUID, cause: ReversalCause, value_date: date | None, held: int | None
) -> Change[AllocationLedger]:
    def decide(where: AllocationLedger, orders: Waterfalls) -> None:
        allocating.take_back(where, payment_id, cause, value_date, orders, waterfall_document.read, held)

    return Change(AllocationLedger, ledger_id, decide, given=(_orders(tenant_id),))


def _take_back_reversed(tenant_id: str, payment_id: UUID, ledger_id: UUID, cause: ReversalCause) -> Change[AllocationLedger]:
    """From the day on from which the payment is taken back."""

    def decide(where: AllocationLedger, of: Payment, orders: Waterfalls) -> None:
        if of.is_reversed:
            allocating.take_back(where, of.id, cause, of.reversed_on, orders, waterfall_document.read)

    return Change(AllocationLedger, ledger_id, decide, given=((Payment, payment_id), _orders(tenant_id)))


def _orders(tenant_id: str) -> tuple[type[Waterfalls], UUID]:
    return Waterfalls, waterfalls.stream_of(tenant_id)


def _suspense_id(payment_id: UUID, terms: PaymentTerms) -> UUID:
    if terms.client_id is not None and terms.external_ref:
        return payment.suspense_of_reference(terms.client_id, terms.external_ref)
    return payment.suspense_of_payment(payment_id)
