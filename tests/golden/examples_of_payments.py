"""One example of each fact of payments, in streams that can be folded. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.kernel.facts import Causation, Fact, Stream
from services.payments.domain.book import (
    AllocationCredited,
    BookState,
    CaseBookOpened,
    CaseBookTurned,
    CommitmentNoted,
    CommitmentPart,
    CommitmentTurned,
    DebtChangeNoted,
    DebtGoneNoted,
    DebtNoted,
    InstalmentsNoted,
    NotedInstalment,
)
from services.payments.domain.components import Component, ComponentAmount
from services.payments.domain.ledger import AllocationLedger, AllocationLine, AllocationReversed, PaymentAllocated, ReversalCause
from services.payments.domain.payment import (
    MatchRule,
    Payment,
    PaymentMatched,
    PaymentReceived,
    PaymentReversalCause,
    PaymentReversed,
    PaymentUnmatched,
)
from services.payments.domain.source import (
    CobrosMappingPublished,
    CreditorFileImported,
    CreditorFileKind,
    PaymentSource,
    PaymentSourceCompleted,
    PaymentSourceCorrected,
    PaymentSourcePortfoliosChanged,
    PaymentSourceRegistered,
    SourceKind,
)
from services.payments.domain.suspense import CaseNamed, Suspense, SuspenseItemOpened, SuspenseItemResolved, SuspenseOutcome, SuspenseReason
from services.payments.domain.waterfalls import WaterfallActivated, WaterfallPublished, Waterfalls
from tests.golden.examples_of_cases import CASE, CLIENT, DEBT, OTHER_DEBT, PORTFOLIO, at, eur

SOURCE = UUID("0195c001-0000-7000-8000-000000000101")
PAYMENT = UUID("0195c001-0000-7000-8000-000000000102")
LEDGER = UUID("0195c001-0000-7000-8000-000000000103")
SUSPENSE = UUID("0195c001-0000-7000-8000-000000000104")
WATERFALLS = UUID("0195c001-0000-7000-8000-000000000105")
ITEM = UUID("0195c001-0000-7000-8000-000000000106")
ALLOCATION = UUID("0195c001-0000-7000-8000-000000000107")
PROMISE = UUID("0195c001-0000-7000-8000-000000000108")
ATTEMPT = UUID("0195c001-0000-7000-8000-000000000109")
LINK = UUID("0195c001-0000-7000-8000-00000000010a")
DOCUMENT, MAPPING = b"name: ours\n", b"columns: {}\n"
FILE = hashlib.sha256(b"a file").hexdigest()


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield PaymentSource, _a_source()
    yield Payment, _a_payment()
    yield AllocationLedger, _a_ledger()
    yield Suspense, _money_that_waits()
    yield (
        Waterfalls,
        [
            WaterfallPublished(
                **at(WATERFALLS, 1), version=1, name="ours", document=DOCUMENT, document_hash=hashlib.sha256(DOCUMENT).digest()
            ),
            WaterfallActivated(**at(WATERFALLS, 2), version=1, client_id=CLIENT, product="credit_card", jurisdiction="ES"),
        ],
    )


def _a_source() -> list[Fact]:
    return [
        PaymentSourceRegistered(
            **at(SOURCE, 1),
            source_id=SOURCE,
            external_ref="BANK-1/cobros",
            name="Cobros del banco",
            kind=SourceKind.CREDITOR_FILE,
            portfolio_ids=(PORTFOLIO,),
            zone="Europe/Madrid",
            client_id=CLIENT,
        ),
        PaymentSourcePortfoliosChanged(**at(SOURCE, 2), source_id=SOURCE, portfolio_ids=(PORTFOLIO, CASE)),
        CobrosMappingPublished(
            **at(SOURCE, 3), source_id=SOURCE, version=1, mapping=MAPPING, mapping_hash=hashlib.sha256(MAPPING).digest()
        ),
        CreditorFileImported(
            **at(SOURCE, 4),
            source_id=SOURCE,
            kind=CreditorFileKind.COBROS,
            file_ref=FILE,
            mapping_version=1,
            rows=12,
            repeated=2,
            rejected=1,
            amounts=(eur(120_050),),
        ),
        PaymentSourceCompleted(
            **at(SOURCE, 5), source_id=SOURCE, portfolio_ids=(PORTFOLIO,), complete_through=date(2026, 3, 31), evidence_ref=FILE
        ),
        PaymentSourceCorrected(
            **at(SOURCE, 6),
            source_id=SOURCE,
            portfolio_ids=(PORTFOLIO,),
            complete_through=date(2026, 3, 28),
            was_complete_through=date(2026, 3, 31),
            reason_code="FILE_WAS_CUT",
            evidence_ref="mail-7",
        ),
    ]


def _a_payment() -> list[Fact]:
    return [
        PaymentReceived(
            **at(PAYMENT, 1),
            payment_id=PAYMENT,
            source_id=SOURCE,
            source=SourceKind.CREDITOR_FILE,
            provider_ref="2026-03-30/000123",
            amount=eur(12_345),
            value_date=date(2026, 3, 30),
            case_id=CASE,
            client_id=CLIENT,
            external_ref="case-1",
            designated_debt_ids=(DEBT, OTHER_DEBT),
            commitment_id=PROMISE,
            attempt_id=ATTEMPT,
            link_id=LINK,
            file_ref=FILE,
            line=7,
        ),
        PaymentUnmatched(**at(PAYMENT, 2), payment_id=PAYMENT, case_id=CASE, reason_code="WRONG_CASE"),
        PaymentMatched(**at(PAYMENT, 3), payment_id=PAYMENT, case_id=CASE, rule=MatchRule.BY_HAND),
        PaymentReversed(
            **at(PAYMENT, 4),
            payment_id=PAYMENT,
            cause=PaymentReversalCause.RETURNED,
            value_date=date(2026, 4, 9),
            amount=eur(12_345),
            evidence_ref="R-transaction MD01",
        ),
    ]


def _a_ledger() -> list[Fact]:
    principal = ComponentAmount(Component.PRINCIPAL, eur(100_000))
    line = AllocationLine(DEBT, Component.PRINCIPAL, eur(12_345), 3, PROMISE, "commitment/past_due")
    return [
        CaseBookOpened(
            **at(LEDGER, 1),
            case_id=CASE,
            client_id=CLIENT,
            portfolio_id=PORTFOLIO,
            external_ref="case-1",
            product="credit_card",
            jurisdiction="ES",
            currency_code="EUR",
            zone="Europe/Madrid",
            origin=Causation(CASE, 1),
        ),
        DebtNoted(
            **at(LEDGER, 2),
            debt_id=DEBT,
            product="credit_card",
            components=(principal,),
            oldest_due_date=date(2026, 1, 15),
            counts_from=date(2026, 3, 1),
            origin=Causation(CASE, 2),
        ),
        CaseBookTurned(**at(LEDGER, 3), state=BookState.OPEN, origin=Causation(CASE, 6)),
        DebtChangeNoted(
            **at(LEDGER, 4),
            debt_id=DEBT,
            deltas=(ComponentAmount(Component.FEES, eur(-250)),),
            value_date=date(2026, 3, 2),
            origin=Causation(CASE, 7),
        ),
        InstalmentsNoted(
            **at(LEDGER, 5), debt_id=DEBT, instalments=(NotedInstalment(3, date(2026, 3, 1), (principal,)),), origin=Causation(CASE, 8)
        ),
        CommitmentNoted(
            **at(LEDGER, 6),
            commitment_id=PROMISE,
            debt_ids=(DEBT,),
            parts=(CommitmentPart(date(2026, 3, 31), eur(20_000)),),
            made_on=date(2026, 3, 20),
            origin=Causation(CASE, 9),
            through=date(2026, 4, 2),
        ),
        PaymentAllocated(
            **at(LEDGER, 7),
            case_id=CASE,
            allocation_id=ALLOCATION,
            payment_id=PAYMENT,
            amount=eur(12_345),
            lines=(line,),
            value_date=date(2026, 3, 30),
            waterfall_version="preset:es-legal/1",
            source="CREDITOR_FILE",
            designated_debt_ids=(DEBT,),
            commitment_id=PROMISE,
        ),
        AllocationCredited(**at(LEDGER, 8), allocation_id=ALLOCATION, credit=eur(45), origin=Causation(CASE, 10)),
        AllocationReversed(
            **at(LEDGER, 9),
            case_id=CASE,
            allocation_id=ALLOCATION,
            payment_id=PAYMENT,
            cause=ReversalCause.RETURNED,
            value_date=date(2026, 4, 9),
            amount=eur(12_345),
        ),
        CommitmentTurned(**at(LEDGER, 10), commitment_id=PROMISE, is_open=False, origin=Causation(CASE, 11)),
        DebtGoneNoted(**at(LEDGER, 11), debt_id=DEBT, value_date=date(2026, 4, 10), origin=Causation(CASE, 12)),
    ]


def _money_that_waits() -> list[Fact]:
    return [
        SuspenseItemOpened(
            **at(SUSPENSE, 1),
            item_id=ITEM,
            payment_id=PAYMENT,
            amount=eur(12_345),
            value_date=date(2026, 3, 30),
            reason=SuspenseReason.REFERENCE_IS_UNKNOWN,
            candidate_case_ids=(CASE,),
            portfolio_ids=(PORTFOLIO,),
            client_id=CLIENT,
            external_ref="case-1",
        ),
        CaseNamed(**at(SUSPENSE, 2), client_id=CLIENT, external_ref="case-1", case_id=CASE),
        SuspenseItemResolved(
            **at(SUSPENSE, 3), item_id=ITEM, payment_id=PAYMENT, amount=eur(12_345), outcome=SuspenseOutcome.MATCHED, case_id=CASE
        ),
    ]
