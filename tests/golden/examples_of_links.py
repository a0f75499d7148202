"""One example of each fact of payment links and of payments under way. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.kernel.facts import Causation, Fact, Stream
from services.payments.domain import case_links, creditor
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind
from services.payments.domain.case_links import CaseHoldEnded, CaseHoldNoted, CaseLinkNoted, CaseLinks, HoldHeeded
from services.payments.domain.creditor import Creditor, CreditorNoted
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
    payment_of,
    stream_of,
)
from services.payments.domain.payment import Payment
from services.payments.domain.under_way import PaymentFailed, PaymentInitiated, PaymentTimedOut
from tests.golden.examples_of_cases import CASE, CLIENT, at, eur

TOKEN_HASH = hashlib.sha256(b"a token of an example").digest()
LINK = stream_of(TOKEN_HASH)
REFUSED_LINK = stream_of(hashlib.sha256(b"another one").digest())
LATE_LINK = stream_of(hashlib.sha256(b"one that nobody opened").digest())
PERSON, INTERACTION = UUID("0195c001-0000-7000-8000-0000000000a1"), UUID("0195c001-0000-7000-8000-0000000000a2")
HOLD, PROMISE = UUID("0195c001-0000-7000-8000-0000000000a3"), UUID("0195c001-0000-7000-8000-0000000000a4")
FIRST, SECOND = payment_of(LINK, 1), payment_of(LINK, 2)
EXPIRES = datetime(2026, 3, 20, 10, 30, tzinfo=UTC)


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield PaymentLink, _a_link()
    yield PaymentLink, [_refused()]
    yield PaymentLink, [_issued(LATE_LINK, AmountRule(AmountRuleKind.PROMISE, promise_id=PROMISE)), _expired()]
    yield CaseLinks, _links_of_a_case()
    yield Creditor, [CreditorNoted(**at(creditor.stream_of(CLIENT), 1), client_id=CLIENT, name="Banco Claro", origin=Causation(CLIENT, 1))]
    yield Payment, [_initiated(FIRST), PaymentFailed(**at(FIRST, 2), payment_id=FIRST, case_id=CASE, cause="CARD_DECLINED")]
    yield Payment, [_initiated(SECOND), PaymentTimedOut(**at(SECOND, 2), payment_id=SECOND, case_id=CASE)]


def _issued(link_id: UUID, rule: AmountRule) -> PaymentLinkIssued:
    return PaymentLinkIssued(
        **at(link_id, 1),
        link_id=link_id,
        case_id=CASE,
        client_id=CLIENT,
        person_id=PERSON,
        interaction_id=INTERACTION,
        token_hash=TOKEN_HASH,
        amount_rule=rule,
        currency_code="EUR",
        expires_at=EXPIRES,
    )


def _a_link() -> list[Fact]:
    rule = AmountRule(AmountRuleKind.FIXED, amount=eur(12_000), promise_id=PROMISE, least=eur(2_000))
    return [
        _issued(LINK, rule),
        PaymentLinkOpened(**at(LINK, 2), link_id=LINK, case_id=CASE, due=eur(12_000), least=eur(2_000), most=eur(97_450)),
        CheckoutStarted(**at(LINK, 3), link_id=LINK, payment_id=FIRST, number=1, amount=eur(12_000), due=eur(12_000)),
        CheckoutEnded(**at(LINK, 4), link_id=LINK, payment_id=FIRST, cause="CARD_DECLINED"),
        PaymentLinkFrozen(**at(LINK, 5), link_id=LINK, case_id=CASE, hold_id=HOLD),
        PaymentLinkUnfrozen(**at(LINK, 6), link_id=LINK, case_id=CASE, hold_id=HOLD),
        PaymentLinkPaid(**at(LINK, 7), link_id=LINK, case_id=CASE, payment_id=SECOND, amount=eur(12_000), is_in_full=True),
        PaymentLinkRevoked(**at(LINK, 8), link_id=LINK, case_id=CASE, reason_code="SENT_IN_ERROR"),
    ]


def _refused() -> PaymentLinkRefused:
    return PaymentLinkRefused(
        **at(REFUSED_LINK, 1),
        link_id=REFUSED_LINK,
        case_id=CASE,
        person_id=PERSON,
        interaction_id=INTERACTION,
        reason_code="LINKS_OF_THE_CASE_ARE_FROZEN",
    )


def _expired() -> PaymentLinkExpired:
    return PaymentLinkExpired(**at(LATE_LINK, 2), link_id=LATE_LINK, case_id=CASE)


def _links_of_a_case() -> list[Fact]:
    links = case_links.stream_of(CASE)
    return [
        CaseLinkNoted(**at(links, 1), case_id=CASE, link_id=LINK),
        CaseHoldNoted(
            **at(links, 2),
            case_id=CASE,
            hold_id=HOLD,
            is_stopping=True,
            from_=date(2026, 3, 14),
            through=date(2026, 3, 31),
            zone="Europe/Madrid",
            origin=Causation(CASE, 30),
        ),
        HoldHeeded(
            **at(links, 3),
            case_id=CASE,
            hold_id=HOLD,
            origin=Causation(CASE, 30),
            heeded_at=EXPIRES,
            links_frozen=(LINK, LATE_LINK),
            is_acting=True,
        ),
        CaseHoldEnded(**at(links, 4), case_id=CASE, hold_id=HOLD),
    ]


def _initiated(payment_id: UUID) -> PaymentInitiated:
    return PaymentInitiated(
        **at(payment_id, 1),
        payment_id=payment_id,
        case_id=CASE,
        amount=eur(12_000),
        method="LINK",
        provider="sandbox",
        link_id=LINK,
        attempt_id=INTERACTION,
        times_out_at=EXPIRES,
    )
