"""Linking: what may be decided about a payment link. What it lets pay is worked out anew at each step, never taken from the last one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.payments.domain import amount_rule, owing
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind, Choice
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import (
    CheckoutEnded,
    CheckoutStarted,
    PaymentLink,
    PaymentLinkExpired,
    PaymentLinkFrozen,
    PaymentLinkIssued,
    PaymentLinkOpened,
    PaymentLinkPaid,
    PaymentLinkRefused,
    PaymentLinkRevoked,
    PaymentLinkUnfrozen,
)
from services.payments.domain.owing import CaseIsNotKnownYet

LIFE_DAYS, LIFE_DAYS_MAX = 7, 90
CHECKOUTS_MAX = 50
"""Of one link: whoever tries more often has something else in mind."""


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """A link as it is asked for. `expires_at` None: in LIFE_DAYS."""

    case_id: UUID
    token_hash: bytes
    rule: AmountRule
    person_id: UUID | None = None
    interaction_id: UUID | None = None
    expires_at: datetime | None = None


class LinkIsUnknown(IsUnknown):
    """There is no such link, or none that the caller may see."""


class CaseIsNotOpen(Refusal):
    """The case is not open: nothing is asked of anybody."""


class LinksOfTheCaseAreFrozen(Refusal):
    """A hold stops the payment links of the case."""


class NothingIsToBePaid(Refusal):
    """The case owes nothing that the link could let pay."""


class LinkIsRefused(Refusal):
    """The link was never made."""


class LinkIsRevoked(Refusal):
    """The link was revoked."""


class LinkHasExpired(Refusal):
    """The link's time is over."""


class LinkIsFrozen(Refusal):
    """A hold stops the link."""


class LinkIsPaid(Refusal):
    """What the link was for has been paid."""


class AmountIsOutsideTheLink(Refusal):
    """The link does not take that amount."""


class CheckoutHasMovedOn(Refusal):
    """Another payment of the link was begun or ended meanwhile: look again."""


class LinkWasTriedTooOften(Refusal):
    """The link has had as many payments begun as it may."""


def issue(link: PaymentLink, links: CaseLinks, ledger: AllocationLedger, terms: LinkTerms) -> None:
    """For what the case owes now or may owe later: nothing due today is a refusal, for nobody would know what to do with it."""
    if link.exists:
        return
    must_be_open(ledger)
    currency_code = owing.currency_of(ledger)
    amount_rule.check(terms.rule, currency_code)
    expires_at = terms.expires_at or link.now + timedelta(days=LIFE_DAYS)
    if not link.now < expires_at <= link.now + timedelta(days=LIFE_DAYS_MAX):
        raise IsInvalid("expires_at", f"must lie ahead, at most {LIFE_DAYS_MAX} days")
    if stopped_by := links.stopped_by(link.now):
        raise LinksOfTheCaseAreFrozen(hold_id=stopped_by[0])
    if _choice(terms.rule, ledger, link.now) is None:
        raise NothingIsToBePaid
    link.tell(
        PaymentLinkIssued(
            **link.next(),
            link_id=link.id,
            case_id=terms.case_id,
            client_id=owing.client_of(ledger),
            person_id=terms.person_id,
            interaction_id=terms.interaction_id,
            token_hash=terms.token_hash,
            amount_rule=terms.rule,
            currency_code=currency_code,
            expires_at=expires_at,
        )
    )


def issue_for_message(link: PaymentLink, links: CaseLinks, ledger: AllocationLedger, terms: LinkTerms) -> None:
    """A message waits for it: a refusal is an answer too, and is told. Where nothing is past due yet, all that is owed may be paid."""
    if terms.rule.kind is AmountRuleKind.PAST_DUE and owing.is_known(ledger) and owing.owed(ledger, link.now).past_due.is_zero:
        terms = replace(terms, rule=AmountRule(AmountRuleKind.BALANCE))
    try:
        issue(link, links, ledger, terms)
    except Refusal as refusal:
        link.tell(
            PaymentLinkRefused(
                **link.next(),
                link_id=link.id,
                case_id=terms.case_id,
                person_id=terms.person_id,
                interaction_id=terms.interaction_id,
                reason_code=refusal.reason,
            )
        )


def offer(link: PaymentLink, links: CaseLinks, ledger: AllocationLedger, now: datetime) -> Choice:
    """What the link lets pay at that moment. Raises the refusal by which it opens nothing."""
    must_be_usable(link, links, now)
    must_be_open(ledger)
    choice = _choice(link.rule, ledger, now)
    if link.is_paid_in_full and (link.rule.kind is not AmountRuleKind.BALANCE or choice is None):
        raise LinkIsPaid
    if choice is None:
        raise NothingIsToBePaid
    return choice


def must_be_usable(link: PaymentLink, links: CaseLinks, now: datetime) -> None:
    """Also where the timer of its end, or the word of a hold, is late."""
    if not link.exists:
        raise LinkIsUnknown
    if link.refused_for:
        raise LinkIsRefused(reason_code=link.refused_for)
    if link.revoked_for:
        raise LinkIsRevoked(reason_code=link.revoked_for)
    if link.is_expired or link.expires_at is None or now >= link.expires_at:
        raise LinkHasExpired
    if link.frozen_by or links.stopped_by(now):
        raise LinkIsFrozen


def must_be_open(ledger: AllocationLedger) -> None:
    if not owing.is_known(ledger):
        raise CaseIsNotKnownYet
    if not owing.is_open(ledger):
        raise CaseIsNotOpen


def open_link(link: PaymentLink, links: CaseLinks, ledger: AllocationLedger) -> None:
    """Told at the first time, and again when it shows other amounts."""
    choice = offer(link, links, ledger, link.now)
    if choice != link.offered:
        link.tell(
            PaymentLinkOpened(**link.next(), link_id=link.id, case_id=link.case_id, due=choice.due, least=choice.least, most=choice.most)
        )


def start_checkout(link: PaymentLink, links: CaseLinks, ledger: AllocationLedger, payment_id: UUID, number: int, amount: Money) -> None:
    """One at a time: whoever clicks twice finds the payment that is under way."""
    must_be_usable(link, links, link.now)
    if link.checkout is not None:
        if link.checkout.payment_id != payment_id:
            raise CheckoutHasMovedOn
        return
    if number != link.checkouts + 1:
        raise CheckoutHasMovedOn
    if number > CHECKOUTS_MAX:
        raise LinkWasTriedTooOften(checkouts_max=CHECKOUTS_MAX)
    choice = offer(link, links, ledger, link.now)
    if not choice.takes(amount):
        raise AmountIsOutsideTheLink(least=choice.least.minor_units, most=choice.most.minor_units, currency_code=choice.due.currency_code)
    link.tell(CheckoutStarted(**link.next(), link_id=link.id, payment_id=payment_id, number=number, amount=amount, due=choice.due))


def end_checkout(link: PaymentLink, payment_id: UUID, cause: str) -> None:
    """Nothing came of it; another may be begun."""
    if link.checkout is not None and link.checkout.payment_id == payment_id:
        link.tell(CheckoutEnded(**link.next(), link_id=link.id, payment_id=payment_id, cause=cause))


def note_payment(link: PaymentLink, payment_id: UUID, amount: Money) -> None:
    """The money is there, on time or late: the link has done its work, or a part of it."""
    if not link.exists or payment_id in link.paid_by:
        return
    under_way = link.checkout
    due = under_way.due if under_way is not None and under_way.payment_id == payment_id else link.offered.due if link.offered else amount
    link.tell(
        PaymentLinkPaid(
            **link.next(), link_id=link.id, case_id=link.case_id, payment_id=payment_id, amount=amount, is_in_full=amount >= due
        )
    )


def revoke(link: PaymentLink, reason_code: str) -> None:
    if not link.exists:
        raise LinkIsUnknown
    if link.revoked_for:
        return
    if link.refused_for:
        raise LinkIsRefused(reason_code=link.refused_for)
    if link.is_expired:
        raise LinkHasExpired
    link.tell(PaymentLinkRevoked(**link.next(), link_id=link.id, case_id=link.case_id, reason_code=reason_code))


def expire(link: PaymentLink) -> None:
    if not link.is_over and link.expires_at is not None and link.now >= link.expires_at:
        link.tell(PaymentLinkExpired(**link.next(), link_id=link.id, case_id=link.case_id))


def settle_holds(link: PaymentLink, links: CaseLinks) -> None:
    """Frozen by every hold that stops it now, and let go by the others. What is over stays as it is."""
    if link.is_over:
        return
    stopped_by = links.stopped_by(link.now)
    for hold_id in stopped_by:
        if hold_id not in link.frozen_by:
            link.tell(PaymentLinkFrozen(**link.next(), link_id=link.id, case_id=link.case_id, hold_id=hold_id))
    for hold_id in list(link.frozen_by):
        if hold_id not in stopped_by:
            link.tell(PaymentLinkUnfrozen(**link.next(), link_id=link.id, case_id=link.case_id, hold_id=hold_id))


def _choice(rule: AmountRule, ledger: AllocationLedger, now: datetime) -> Choice | None:
    return amount_rule.choice(rule, owing.owed(ledger, now), owing.promised(ledger, rule.promise_id))
