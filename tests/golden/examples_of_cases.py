"""One example of each fact of cases, in streams that can be folded. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.cases.domain.access import AccessLog, CaseFileAccessed
from services.cases.domain.balance import BalanceReported
from services.cases.domain.batch import (
    Batch,
    BatchReceived,
    BatchRejected,
    BatchReleased,
    BatchRowsOpened,
    BatchRowsRecorded,
    ControlTotals,
    RejectedRow,
)
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.case import Case, CaseOpened, CaseTermsChanged
from services.cases.domain.client import Client, ClientRegistered
from services.cases.domain.closing import CaseClosed, CaseReopened
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.debts import AdjustmentReason, DebtAttached, DebtBalanceAdjusted, DebtDetached
from services.cases.domain.delinquency import ArrearsReported, BucketChanged, DelinquencyRestated, RestatedInterval, RollDirection
from services.cases.domain.dossier import Confidence, FactRecorded, FactRetracted, FactSuperseded
from services.cases.domain.lifecycle import CloseOutcome, ReopenReason
from services.cases.domain.parties import Liability, PartyAdded, PartyRemoved, PartyRole, PartyRoleChanged
from services.cases.domain.portfolio import Portfolio, PortfolioOpened, PortfolioTermsChanged
from services.cases.domain.registration import CaseRegistered, CaseRejected
from services.cases.domain.segment import SegmentRecorded
from services.cases.domain.terms import Authority, DelinquencyPolicy, PortfolioTerms
from services.kernel.facts import Causation, Fact, Place, Stream
from services.kernel.money import Money
from services.kernel.sealed import Sealed
from tests.golden import examples_of_promises, examples_of_regions

FIRST = datetime(2026, 3, 2, 8, 30, 15, 123456, tzinfo=UTC)
CLIENT = UUID("0195c001-0000-7000-8000-000000000001")
PORTFOLIO = UUID("0195c001-0000-7000-8000-000000000002")
BATCH = UUID("0195c001-0000-7000-8000-000000000003")
REJECTED_BATCH = UUID("0195c001-0000-7000-8000-000000000004")
CASE = UUID("0195c001-0000-7000-8000-000000000005")
REJECTED_CASE = UUID("0195c001-0000-7000-8000-000000000006")
ACCESS = UUID("0195c001-0000-7000-8000-000000000007")
DEBTOR = UUID("0195c001-0000-7000-8000-000000000008")
GUARANTOR = UUID("0195c001-0000-7000-8000-000000000009")
DEBT = UUID("0195c001-0000-7000-8000-00000000000a")
OTHER_DEBT = UUID("0195c001-0000-7000-8000-00000000000b")
FACT = UUID("0195c001-0000-7000-8000-00000000000c")
NEWER_FACT = UUID("0195c001-0000-7000-8000-00000000000d")
TREATMENT = UUID("0195c001-0000-7000-8000-00000000000e")

BY_CYCLES = BucketSet(
    "cycles-1", BucketUnit.CYCLES, (Bucket("current", None, 0), Bucket("1", 1, 1), Bucket("2", 2, 2), Bucket("3+", 3, None))
)
BY_DAYS = BucketSet("days-1", BucketUnit.DAYS, (Bucket("current", None, 0), Bucket("1-30", 1, 30), Bucket("31+", 31, None)))
DECLARED = PortfolioTerms("Europe/Madrid", "ES-MD", "EUR", BY_CYCLES, Authority.CREDITOR, Authority.CREDITOR, "ES")
POLICY = DelinquencyPolicy(grace_days=3, tolerance_minor_units=500, counted_components=(Component.PRINCIPAL,), ignores_pauses=True)
COUNTED = PortfolioTerms("Atlantic/Canary", "ES-CN", "EUR", BY_DAYS, Authority.OURS, Authority.OURS, "ES-CN", POLICY)
PROVED = replace(COUNTED, payment_source_ids=(str(examples_of_promises.SOURCE),))


def at(stream_id: UUID, version: int) -> Place:
    """The place of a stream's fact, a minute after the one before it."""
    return Place(originator_id=stream_id, originator_version=version, timestamp=FIRST + timedelta(minutes=version))


def eur(minor_units: int) -> Money:
    return Money("EUR", minor_units)


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield Client, [ClientRegistered(**at(CLIENT, 1), external_ref="BANK-1", name="Banco de Ejemplo, S.A. — ñandú")]
    yield (
        Portfolio,
        [
            PortfolioOpened(**at(PORTFOLIO, 1), client_id=CLIENT, external_ref="CARDS-1", name="Cards", terms=DECLARED),
            PortfolioTermsChanged(**at(PORTFOLIO, 2), terms=COUNTED, effective_from=date(2026, 7, 1)),
        ],
    )
    yield Batch, _a_released_batch()
    yield Batch, _a_rejected_batch()
    yield Case, _a_case()
    yield Case, [_registered(REJECTED_CASE, REJECTED_BATCH), CaseRejected(**at(REJECTED_CASE, 2), batch_id=REJECTED_BATCH)]
    yield (
        AccessLog,
        [CaseFileAccessed(**at(ACCESS, 1), case_id=CASE, reader="agent-7", purpose="CALL_PREPARATION", fields=("employment", "note"))],
    )
    yield from examples_of_regions.streams(at, COUNTED)
    yield from examples_of_promises.streams(at, PROVED)


def _a_released_batch() -> list[Fact]:
    return [
        BatchReceived(
            **at(BATCH, 1), client_id=CLIENT, portfolio_id=PORTFOLIO, external_ref="REMESA-1", declared=ControlTotals(2, eur(150_000))
        ),
        BatchRowsRecorded(
            **at(BATCH, 2),
            chunk="remesa-1/0",
            case_ids=(CASE,),
            external_refs=("LOAN-1",),
            accepted_amount=eur(100_000),
            rejected=(RejectedRow(3, "debts[0].components", "REPEATED_MAX_ITEMS"),),
            rejected_amount=eur(50_000),
        ),
        BatchReleased(**at(BATCH, 3), found=ControlTotals(2, eur(150_000)), rejected=1),
        BatchRowsOpened(**at(BATCH, 4), done=1),
    ]


def _a_rejected_batch() -> list[Fact]:
    totals = ControlTotals(0, eur(0))
    return [
        BatchReceived(
            **at(REJECTED_BATCH, 1), client_id=CLIENT, portfolio_id=PORTFOLIO, external_ref="REMESA-2", declared=ControlTotals(1, eur(1))
        ),
        BatchRejected(**at(REJECTED_BATCH, 2), reason_code="SENT_TWICE", found=totals),
    ]


def _registered(case_id: UUID, batch_id: UUID | None) -> CaseRegistered:
    return CaseRegistered(
        **at(case_id, 1),
        client_id=CLIENT,
        portfolio_id=PORTFOLIO,
        external_ref="LOAN-1",
        product="credit_card",
        jurisdiction="ES",
        batch_id=batch_id,
        line=2 if batch_id else 0,
        terms=DECLARED,
    )


def _a_case() -> list[Fact]:
    return [_registered(CASE, BATCH), *_what_is_owed_and_by_whom(2), *_how_late_it_is(10), *_what_is_known(14), *_how_it_ends(20)]


def _what_is_owed_and_by_whom(version: int) -> list[Fact]:
    parts = (ComponentAmount(Component.PRINCIPAL, eur(90_000)), ComponentAmount(Component.INTEREST, eur(10_000)))
    due, value_date = date(2025, 12, 5), date(2026, 3, 1)
    return [
        PartyAdded(**at(CASE, version), person_id=DEBTOR, role=PartyRole.DEBTOR, liability=Liability.FULL),
        PartyAdded(**at(CASE, version + 1), person_id=GUARANTOR, role=PartyRole.GUARANTOR, liability=Liability.SUBSIDIARY),
        DebtAttached(
            **at(CASE, version + 2),
            debt_id=DEBT,
            external_ref="LOAN-1/A",
            product="credit_card",
            components=parts,
            oldest_due_date=due,
            value_date=value_date,
        ),
        DebtAttached(
            **at(CASE, version + 3),
            debt_id=OTHER_DEBT,
            external_ref="LOAN-1/B",
            product="overdraft",
            components=(ComponentAmount(Component.FEES, eur(1)),),
            oldest_due_date=None,
            value_date=value_date,
        ),
        CaseOpened(**at(CASE, version + 4), reason="RELEASED", initial_bucket=""),
        DebtBalanceAdjusted(
            **at(CASE, version + 5),
            debt_id=DEBT,
            deltas=(ComponentAmount(Component.COSTS, eur(-2_550)),),
            reason=AdjustmentReason.CORRECTION,
            source_ref="letter-12",
            value_date=date(2026, 2, 27),
        ),
        DebtDetached(**at(CASE, version + 6), debt_id=OTHER_DEBT, reason_code="SENT_IN_ERROR", value_date=date(2026, 3, 2)),
        BalanceReported(**at(CASE, version + 7), as_of=date(2026, 3, 31), theirs=eur(97_000), ours=eur(97_450), source_ref="2026-03.csv"),
    ]


def _how_late_it_is(version: int) -> list[Fact]:
    return [
        ArrearsReported(
            **at(CASE, version),
            as_of=date(2026, 3, 31),
            cycles_past_due=0,
            days_past_due=None,
            oldest_unpaid_due_date=None,
            past_due=eur(0),
            source_ref="2026-03.csv",
        ),
        BucketChanged(
            **at(CASE, version + 1),
            from_="",
            to="2",
            past_due_units=2,
            direction=RollDirection.UNSPECIFIED,
            cause="REPORTED",
            bucket_set_version="cycles-1",
            since=date(2026, 3, 31),
        ),
        DelinquencyRestated(
            **at(CASE, version + 2),
            intervals=(
                RestatedInterval(date(2026, 2, 28), date(2026, 3, 31), "", "1", "cycles-1"),
                RestatedInterval(date(2026, 3, 31), None, "2", "3+", "cycles-1"),
            ),
            cause="BACK_DATED_REPORT",
            cause_version=10,
        ),
        CaseTermsChanged(**at(CASE, version + 3), terms=COUNTED, effective_from=date(2026, 7, 1)),
    ]


def _what_is_known(version: int) -> list[Fact]:
    sealed = Sealed(DEBTOR, 1, bytes(range(12)), bytes(range(64, 100)))
    return [
        FactRecorded(
            **at(CASE, version),
            fact_id=FACT,
            key="employment",
            value=sealed,
            source="debtor",
            confidence=Confidence.STATED,
            questionnaire_id=TREATMENT,
            questionnaire_number=1,
            interaction_id=TREATMENT,
            valid_through=date(2026, 12, 31),
        ),
        FactRecorded(
            **at(CASE, version + 1),
            fact_id=NEWER_FACT,
            key="employment",
            value=sealed,
            source="employer_letter",
            confidence=Confidence.DOCUMENTED,
            questionnaire_id=None,
            questionnaire_number=0,
            interaction_id=None,
            valid_through=None,
        ),
        FactSuperseded(**at(CASE, version + 2), fact_id=FACT, by_fact_id=NEWER_FACT),
        FactRetracted(**at(CASE, version + 3), fact_id=NEWER_FACT, reason_code="WRONG_PERSON"),
        SegmentRecorded(
            **at(CASE, version + 4),
            origin=Causation(TREATMENT, 3),
            from_="",
            to="personal_call",
            table_version="1",
            reason="Two payments missed: call, and listen.",
        ),
        PartyRoleChanged(
            **at(CASE, version + 5), person_id=GUARANTOR, from_=PartyRole.GUARANTOR, to=PartyRole.CO_DEBTOR, liability=Liability.JOINT
        ),
    ]


def _how_it_ends(version: int) -> list[Fact]:
    return [
        PartyRemoved(**at(CASE, version), person_id=GUARANTOR, reason_code="RELEASED_BY_CREDITOR"),
        CaseClosed(
            **at(CASE, version + 1),
            outcome=CloseOutcome.PAID_IN_FULL,
            balance_at_close=(ComponentAmount(Component.PRINCIPAL, eur(0)),),
            evidence_refs=("payment:2026-0001", "receipt:77"),
        ),
        CaseReopened(
            **at(CASE, version + 2),
            reason=ReopenReason.PAYMENT_REVERSED,
            evidence_refs=("payment:2026-0001",),
            trigger=Causation(TREATMENT, 4),
        ),
    ]
