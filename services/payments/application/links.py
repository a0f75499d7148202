"""The verbs of payment links and of payments under way, and how payments heeds the holds of cases."""

from __future__ import annotations

from datetime import date
from functools import partial
from uuid import UUID

from services.kernel.facts import Causation, Change
from services.kernel.money import Money
from services.payments.domain import case_links, creditor, ledger, link, linking, under_way
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.creditor import Creditor
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import PaymentLink
from services.payments.domain.linking import LinkTerms
from services.payments.domain.payment import Payment

# Links ----------------------------------------------------------------------------


def issue_link(terms: LinkTerms) -> tuple[Change[PaymentLink], Change[CaseLinks]]:
    return _made(terms, Change(PaymentLink, link.stream_of(terms.token_hash), partial(linking.issue, terms=terms), _of(terms.case_id)))


def issue_link_for_message(terms: LinkTerms) -> tuple[Change[PaymentLink], Change[CaseLinks]]:
    """A message waits for it; a refusal is told, too."""
    decide = partial(linking.issue_for_message, terms=terms)
    return _made(terms, Change(PaymentLink, link.stream_of(terms.token_hash), decide, _of(terms.case_id)))


def open_link(link_id: UUID, case_id: UUID) -> Change[PaymentLink]:
    return Change(PaymentLink, link_id, linking.open_link, _of(case_id))


def revoke_link(link_id: UUID, reason_code: str) -> Change[PaymentLink]:
    return Change(PaymentLink, link_id, partial(linking.revoke, reason_code=reason_code))


def expire_link(link_id: UUID) -> Change[PaymentLink]:
    return Change(PaymentLink, link_id, linking.expire)


def _made(terms: LinkTerms, issued: Change[PaymentLink]) -> tuple[Change[PaymentLink], Change[CaseLinks]]:
    note = partial(case_links.note_link, case_id=terms.case_id)
    return issued, Change(CaseLinks, case_links.stream_of(terms.case_id), note, ((PaymentLink, issued.id),))


# Payments under way ----------------------------------------------------------------


def start_checkout(link_id: UUID, case_id: UUID, number: int, amount: Money, provider: str) -> tuple[Change[PaymentLink], Change[Payment]]:
    """The link's checkout of that number, and the payment it is: both or none."""
    payment_id = link.payment_of(link_id, number)
    start = partial(linking.start_checkout, payment_id=payment_id, number=number, amount=amount)
    return (
        Change(PaymentLink, link_id, start, _of(case_id)),
        Change(Payment, payment_id, partial(under_way.initiate, provider=provider), ((PaymentLink, link_id),)),
    )


def fail_payment(payment_id: UUID, link_id: UUID | None, cause: str) -> tuple[Change[Payment] | Change[PaymentLink], ...]:
    return (Change(Payment, payment_id, partial(under_way.fail, cause=cause)), *_ended(link_id, payment_id, cause))


def time_out_payment(payment_id: UUID, link_id: UUID | None) -> tuple[Change[Payment] | Change[PaymentLink], ...]:
    return (Change(Payment, payment_id, under_way.time_out), *_ended(link_id, payment_id, "TIMED_OUT"))


def note_payment(link_id: UUID, payment_id: UUID, amount: Money) -> Change[PaymentLink]:
    """The payment that the link began is there."""
    return Change(PaymentLink, link_id, partial(linking.note_payment, payment_id=payment_id, amount=amount))


def _ended(link_id: UUID | None, payment_id: UUID, cause: str) -> tuple[Change[PaymentLink], ...]:
    if link_id is None:
        return ()
    return (Change(PaymentLink, link_id, partial(linking.end_checkout, payment_id=payment_id, cause=cause)),)


# What cases says -------------------------------------------------------------------


def note_creditor(client_id: UUID, name: str, origin: Causation) -> Change[Creditor]:
    return Change(Creditor, creditor.stream_of(client_id), partial(creditor.note, client_id=client_id, name=name, origin=origin))


def note_hold(case_id: UUID, hold_id: UUID, is_stopping: bool, from_: date, through: date | None, origin: Causation) -> Change[CaseLinks]:
    decide = partial(
        case_links.note_hold,
        case_id=case_id,
        hold_id=hold_id,
        is_stopping=is_stopping,
        from_=from_,
        through=through,
        origin=origin,
    )
    return Change(CaseLinks, case_links.stream_of(case_id), decide, ((AllocationLedger, ledger.stream_of(case_id)),))


def note_hold_end(case_id: UUID, hold_id: UUID, through: date | None, origin: Causation) -> Change[CaseLinks]:
    decide = partial(case_links.note_hold_end, case_id=case_id, hold_id=hold_id, through=through, origin=origin)
    return Change(CaseLinks, case_links.stream_of(case_id), decide)


def heed_holds(links: CaseLinks) -> tuple[Change[PaymentLink] | Change[CaseLinks], ...]:
    """Every link of the case frozen or let go, and then the word that it is done: one unit."""
    each = [Change(PaymentLink, link_id, linking.settle_holds, ((CaseLinks, links.id),)) for link_id in links.link_ids]
    given = tuple((PaymentLink, link_id) for link_id in links.link_ids)
    return (*each, Change(CaseLinks, links.id, case_links.settle_holds, given))


def _of(case_id: UUID) -> tuple[tuple[type[CaseLinks], UUID], tuple[type[AllocationLedger], UUID]]:
    """What every decision about a link looks at."""
    return (CaseLinks, case_links.stream_of(case_id)), (AllocationLedger, ledger.stream_of(case_id))
