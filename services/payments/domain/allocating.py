"""Allocating: money is spread over the debts of a case by the waterfall in force, taken back, and spread again where the order says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from uuid import UUID

from services.kernel import ids
from services.kernel.money import Money, total
from services.kernel.refusal import Refusal
from services.payments.domain.book import Book, book, owed_on
from services.payments.domain.components import Component
from services.payments.domain.ledger import (
    Allocation,
    AllocationLedger,
    AllocationLine,
    AllocationReversed,
    PaymentAllocated,
    ReversalCause,
)
from services.payments.domain.payment import MovedMeanwhile, Payment
from services.payments.domain.suspense import (
    Item,
    SuspenseItemOpened,
    SuspenseOutcome,
    SuspenseReason,
    next_item_id,
    resolved,
)
from services.payments.domain.waterfall import AfterReversal, Share, Waterfall, spread
from services.payments.domain.waterfalls import ReadWaterfall, Scope, Waterfalls

LINES_PER_ALLOCATION_MAX = 400
"""So that an allocation's event stays far below what a topic must carry; a payment over more lines is several allocations."""
RERUN_MAX = 50
ALLOCATIONS_PER_CASE_MAX = 20_000


class PaymentIsOfAnotherCurrency(Refusal):
    """The debts of the case are in another currency."""


class CaseHasTooManyPayments(Refusal):
    """The case holds as many payments as it may."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Money to be spread: so much of a payment, and what the debtor said of it."""

    payment_id: UUID
    amount: Money
    value_date: date
    source: str
    designated_debt_ids: tuple[UUID, ...]
    commitment_id: UUID | None


def take(
    ledger: AllocationLedger,
    payment: Payment,
    waterfalls: Waterfalls,
    read: ReadWaterfall,
    case_id: UUID,
    amount: Money | None = None,
    is_new: bool = False,
) -> None:
    """Spread so much of the payment (None: all of it) over the debts of the case, or let it wait with the case, with the reason.

    `is_new`: nobody has been told that we have it, so what can never be this case's is refused.
    """
    if payment.is_reversed or case_id not in payment.case_ids:
        return
    offer = _offer(payment, payment.terms.amount if amount is None else amount)
    reason = ledger.why_waits(offer.value_date, offer.amount.currency_code)
    if reason is SuspenseReason.CURRENCY_DIFFERS and is_new:
        raise PaymentIsOfAnotherCurrency(currency_code=book(ledger).traits.currency_code)
    if len(ledger.allocations) >= ALLOCATIONS_PER_CASE_MAX:
        raise CaseHasTooManyPayments(allocations_max=ALLOCATIONS_PER_CASE_MAX)
    if reason is not None:
        _let_wait(ledger, offer, reason, case_id)
        return
    _allocate(ledger, offer, *in_force(ledger, waterfalls, read))


def draw(ledger: AllocationLedger, payment: Payment, waterfalls: Waterfalls, read: ReadWaterfall) -> None:
    """What waits of that payment need not wait any more."""
    for item in [item for item in ledger.drawable() if item.payment_id == payment.id]:
        case_id = book(ledger).traits.case_id
        ledger.tell(resolved(ledger, item, SuspenseOutcome.MATCHED, case_id))
        _allocate(ledger, _offer(payment, item.amount), *in_force(ledger, waterfalls, read))


def take_back(
    ledger: AllocationLedger,
    payment_id: UUID,
    cause: ReversalCause,
    value_date: date | None,
    waterfalls: Waterfalls,
    read: ReadWaterfall,
    held: int | None = None,
) -> None:
    """All of a payment that is here, from that day on (None: it never counted), by exactly the allocations it was spread by.

    `held`: what the caller saw here of it, where something else rests on that. Whether later payments are spread again is said by the
    waterfall in force: they keep their places unless it says RERUN.
    """
    if held is not None and ledger.held_of(payment_id) != held:
        raise MovedMeanwhile
    live = [each for each in ledger.allocations_of(payment_id) if each.is_live]
    for allocation in live:
        _reverse(ledger, allocation, cause, allocation.value_date if value_date is None else max(value_date, allocation.value_date))
    outcome = SuspenseOutcome.UNMATCHED if cause is ReversalCause.REALLOCATED else SuspenseOutcome.REVERSED
    for item in ledger.waiting.of(payment_id):
        ledger.tell(resolved(ledger, item, outcome, None))
    if live:
        version, order = in_force(ledger, waterfalls, read)
        if order.after_reversal is AfterReversal.RERUN:
            _rerun(ledger, min(each.version for each in live), version, order)


def release(ledger: AllocationLedger, payment_id: UUID, to_case_id: UUID, held: int) -> None:
    """What waits here of a payment goes to another case; what is spread stays."""
    items = ledger.waiting.of(payment_id)
    if sum(item.amount.minor_units for item in items) != held:
        raise MovedMeanwhile
    for item in items:
        ledger.tell(resolved(ledger, item, SuspenseOutcome.MATCHED, to_case_id))


def preview(of: Book, offer: Offer, order: Waterfall) -> list[Share]:
    """How it would be spread now."""
    return spread(order, offer.amount.minor_units, owed_on(of, offer.value_date), offer.designated_debt_ids, offer.commitment_id)


def in_force(ledger: AllocationLedger, waterfalls: Waterfalls, read: ReadWaterfall) -> tuple[str, Waterfall]:
    """The version for this case, and the order it says."""
    traits = book(ledger).traits
    version = waterfalls.version_for(Scope(traits.client_id, traits.product, traits.jurisdiction))
    return version, waterfalls.read(version, read)


def lines_of(shares: Iterable[Share], currency_code: str) -> list[AllocationLine]:
    """One line for each debt, component, commitment and rule."""
    sums: dict[tuple[UUID, Component, UUID | None, str], int] = {}
    for share in shares:
        key = (share.debt_id, share.component, share.commitment_id, rule_of(share))
        sums[key] = sums.get(key, 0) + share.minor_units
    return [
        AllocationLine(debt_id, component, Money(currency_code, minor_units), 0, commitment_id, rule)
        for (debt_id, component, commitment_id, rule), minor_units in sums.items()
    ]


def rule_of(share: Share) -> str:
    """As a line carries it: the rule, and how what it paid stood to the day."""
    return share.rule if not share.owed_before else f"{share.rule}/{share.dueness.name.lower()}"


def _allocate(ledger: AllocationLedger, offer: Offer, version: str, order: Waterfall) -> None:
    currency_code = offer.amount.currency_code
    lines = lines_of(preview(book(ledger), offer, order), currency_code)
    for part in _parts(lines):
        ledger.tell(
            PaymentAllocated(
                **ledger.next(),
                case_id=book(ledger).traits.case_id,
                allocation_id=ids.derived("allocation", ledger.id, offer.payment_id, len(ledger.allocations_of(offer.payment_id)) + 1),
                payment_id=offer.payment_id,
                amount=total((line.amount for line in part), currency_code),
                lines=tuple(part),
                value_date=offer.value_date,
                waterfall_version=version,
                source=offer.source,
                designated_debt_ids=offer.designated_debt_ids,
                commitment_id=offer.commitment_id,
            )
        )
    rest = offer.amount - total((line.amount for line in lines), currency_code)
    if not rest.is_zero:
        _let_wait(ledger, Offer(offer.payment_id, rest, offer.value_date, offer.source, (), None), SuspenseReason.EXCESS, None)


def _rerun(ledger: AllocationLedger, since_version: int, version: str, order: Waterfall) -> None:
    """Payments that were spread later are spread again, over what is owed now; no more than RERUN_MAX of them."""
    later = [each for each in ledger.allocations.values() if each.is_live and each.version > since_version]
    offers: dict[UUID, Offer] = {}
    for allocation in islice(later, RERUN_MAX):
        known = offers.get(allocation.payment_id)
        amount = allocation.amount if known is None else known.amount + allocation.amount
        offers[allocation.payment_id] = Offer(
            allocation.payment_id,
            amount,
            allocation.value_date,
            allocation.source,
            allocation.designated_debt_ids,
            allocation.commitment_id,
        )
        _reverse(ledger, allocation, ReversalCause.REALLOCATED, allocation.value_date)
    for offer in offers.values():
        excess = _excess_of(ledger, offer.payment_id)
        for item in excess:
            ledger.tell(resolved(ledger, item, SuspenseOutcome.MATCHED, book(ledger).traits.case_id))
        amount = total((item.amount for item in excess), offer.amount.currency_code) + offer.amount
        again = Offer(offer.payment_id, amount, offer.value_date, offer.source, offer.designated_debt_ids, offer.commitment_id)
        _allocate(ledger, again, version, order)


def _excess_of(ledger: AllocationLedger, payment_id: UUID) -> list[Item]:
    return [item for item in ledger.waiting.of(payment_id) if item.reason is SuspenseReason.EXCESS]


def _reverse(ledger: AllocationLedger, allocation: Allocation, cause: ReversalCause, since: date) -> None:
    ledger.tell(
        AllocationReversed(
            **ledger.next(),
            case_id=book(ledger).traits.case_id,
            allocation_id=allocation.id,
            payment_id=allocation.payment_id,
            cause=cause,
            value_date=since,
            amount=allocation.amount,
        )
    )


def _let_wait(ledger: AllocationLedger, offer: Offer, reason: SuspenseReason, case_id: UUID | None) -> None:
    """With the case it is for."""
    case = case_id if ledger.book is None else ledger.book.traits.case_id
    ledger.tell(
        SuspenseItemOpened(
            **ledger.next(),
            item_id=next_item_id(ledger, ledger.waiting),
            payment_id=offer.payment_id,
            amount=offer.amount,
            value_date=offer.value_date,
            reason=reason,
            candidate_case_ids=() if case is None else (case,),
            portfolio_ids=() if ledger.book is None else (ledger.book.traits.portfolio_id,),
            client_id=None,
            external_ref="",
        )
    )


def _offer(payment: Payment, amount: Money) -> Offer:
    terms = payment.terms
    return Offer(payment.id, amount, terms.value_date, payment.source.name, terms.designated_debt_ids, terms.commitment_id)


def _parts(lines: Sequence[AllocationLine]) -> Iterator[Sequence[AllocationLine]]:
    for place in range(0, len(lines), LINES_PER_ALLOCATION_MAX):
        yield lines[place : place + LINES_PER_ALLOCATION_MAX]
