"""One example of each fact of promises and of what is recorded from elsewhere, in streams that can be folded. Add at their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.cases.domain.case import Case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.debts import DebtAttached
from services.cases.domain.docket import Docket, DocketAnnounced, DocketCalled, DocketEntered, DocketPaged, docket_of
from services.cases.domain.evidence import (
    EvidenceAwaited,
    EvidenceCalled,
    SourceCompletenessNoted,
    SourceEvidence,
    UnmatchedMoneyNoted,
    UnmatchedMoneySettled,
)
from services.cases.domain.heeding import ContactBetween, HoldAcknowledged, HoldAcknowledgementMissed
from services.cases.domain.holds import HoldKind, HoldPlaced, HoldScope
from services.cases.domain.payments import PaymentApplied, PaymentLine
from services.cases.domain.pledges import PromisePart, PromiseTolerance
from services.cases.domain.portfolio import Portfolio, PortfolioOpened
from services.cases.domain.promises import (
    CancelledBy,
    PromiseBreakRevoked,
    PromiseBroken,
    PromiseCancelled,
    PromiseKept,
    PromiseKeptRevoked,
    PromiseMade,
    PromisePartlyKept,
    PromisePartPaid,
    PromisePartRevoked,
    PromiseReminderDue,
    PromiseResumed,
    PromiseSuperseded,
    PromiseSuspended,
    PromiseUnpaidSoFar,
)
from services.cases.domain.recorded import (
    Channel,
    Direction,
    InteractionRecorded,
    InteractionState,
    OutcomeRevised,
    PermitRecorded,
    PermitVerdict,
    Purpose,
    TreatmentKind,
    TreatmentRecorded,
)
from services.cases.domain.registration import CaseRegistered
from services.cases.domain.terms import PortfolioTerms
from services.cases.domain.transit import MoneyKind, MoneyOnItsWayNoted, MoneyOnItsWaySettled
from services.kernel.facts import Causation, Fact, Place, Stream
from services.kernel.money import Money

CASE, CLIENT, PORTFOLIO = (UUID(f"0195c001-0000-7000-8000-0000000000{number}") for number in ("41", "42", "43"))
DEBT, DEBTOR, SOURCE, OTHER_SOURCE = (UUID(int=number) for number in (0x60, 0x61, 0x62, 0x63))
PROMISE, SECOND, THIRD, INTERACTION, PERMIT, REQUEST, HOLD = (UUID(int=number) for number in range(0x70, 0x77))
MONEY, PAYMENT, ALLOCATION = UUID(int=0x80), UUID(int=0x81), UUID(int=0x82)
DAY = date(2026, 3, 13)
MIDNIGHT = datetime(2026, 3, 14, 23, tzinfo=UTC)
SPOKEN = Causation(UUID(int=0x90), 4)
At = Callable[[UUID, int], Place]


def eur(minor_units: int) -> Money:
    return Money("EUR", minor_units)


def streams(at: At, terms: PortfolioTerms) -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order. `at`: the place of a stream's fact."""
    facts: list[Fact] = _registered(at, terms)
    for region in (_promised, _judged, _over, _recorded, _heeded):
        facts += region(at, len(facts) + 1)
    yield Case, facts
    yield Portfolio, _evidence(at, terms)
    yield Docket, _docket(at)


def _registered(at: At, terms: PortfolioTerms) -> list[Fact]:
    return [
        CaseRegistered(
            **at(CASE, 1),
            client_id=CLIENT,
            portfolio_id=PORTFOLIO,
            external_ref="LOAN-3",
            product="loan",
            jurisdiction="ES",
            batch_id=None,
            line=0,
            terms=terms,
        ),
        DebtAttached(
            **at(CASE, 2),
            debt_id=DEBT,
            external_ref="LOAN-3/A",
            product="loan",
            components=(ComponentAmount(Component.PRINCIPAL, eur(90_000)),),
            oldest_due_date=None,
            value_date=date(2026, 1, 1),
        ),
    ]


def _made(at: At, version: int, promise_id: UUID) -> PromiseMade:
    return PromiseMade(
        **at(CASE, version),
        promise_id=promise_id,
        debt_ids=(DEBT,),
        parts=(PromisePart(DAY, eur(10_000)), PromisePart(date(2026, 4, 13), eur(5_000))),
        tolerance=PromiseTolerance(500, None),
        grace_days=1,
        zone="Europe/Madrid",
        method="TRANSFER",
        attempt_id=INTERACTION,
        made_with=DEBTOR,
        made_on=date(2026, 3, 2),
        reminder_days=2,
    )


def _promised(at: At, version: int) -> list[Fact]:
    line = PaymentLine(DEBT, Component.PRINCIPAL, eur(9_600), 0, PROMISE)
    return [
        _made(at, version, PROMISE),
        PromiseReminderDue(**at(CASE, version + 1), promise_id=PROMISE, part=1, date=DAY, missing=eur(10_000)),
        PaymentApplied(
            **at(CASE, version + 2),
            payment_id=PAYMENT,
            allocation_id=ALLOCATION,
            amount=eur(9_600),
            lines=(line,),
            value_date=DAY,
            credit=eur(0),
            origin=Causation(PAYMENT, 2),
            source="CREDITOR_FILE",
        ),
        PromisePartPaid(**at(CASE, version + 3), promise_id=PROMISE, part=1, paid=eur(9_600), on=DAY),
        PromisePartRevoked(**at(CASE, version + 4), promise_id=PROMISE, part=1, paid=eur(0), cause="RETURNED"),
        PromiseSuspended(**at(CASE, version + 5), promise_id=PROMISE, hold_ids=(HOLD,), since=date(2026, 3, 5)),
        PromiseResumed(
            **at(CASE, version + 6),
            promise_id=PROMISE,
            on=date(2026, 3, 8),
            parts=(PromisePart(date(2026, 3, 16), eur(10_000)), PromisePart(date(2026, 4, 16), eur(5_000))),
        ),
    ]


def _judged(at: At, version: int) -> list[Fact]:
    evidence = (SourceEvidence(SOURCE, date(2026, 3, 17), SPOKEN),)
    return [
        PromiseUnpaidSoFar(
            **at(CASE, version),
            promise_id=PROMISE,
            shortfall=eur(10_000),
            waiting_for=(SOURCE, OTHER_SOURCE),
            deadline=MIDNIGHT,
            part=1,
            money_ids=(MONEY,),
        ),
        PromiseBroken(**at(CASE, version + 1), promise_id=PROMISE, shortfall=eur(10_000), deadline=MIDNIGHT, part=1, evidence=evidence),
        PromiseBreakRevoked(**at(CASE, version + 2), promise_id=PROMISE, cause="PAYMENT_RECORDED_LATE"),
        PromisePartlyKept(
            **at(CASE, version + 3),
            promise_id=PROMISE,
            paid=eur(4_000),
            shortfall=eur(6_000),
            deadline=MIDNIGHT,
            part=1,
            evidence=evidence,
        ),
        PromiseBreakRevoked(**at(CASE, version + 4), promise_id=PROMISE, cause="SOURCE_CORRECTED"),
        PromiseKept(**at(CASE, version + 5), promise_id=PROMISE, paid=eur(14_600), on=DAY, tolerated=eur(400)),
        PromiseKeptRevoked(**at(CASE, version + 6), promise_id=PROMISE, cause="CHARGEBACK", paid=eur(4_600)),
    ]


def _over(at: At, version: int) -> list[Fact]:
    return [
        PromiseSuperseded(**at(CASE, version), promise_id=PROMISE, new_promise_id=SECOND, reason_code="OTHER_DATES"),
        _made(at, version + 1, SECOND),
        PromiseCancelled(**at(CASE, version + 2), promise_id=SECOND, by=CancelledBy.DEBTOR, reason_code="LOST_THE_JOB"),
    ]


def _recorded(at: At, version: int) -> list[Fact]:
    return [
        MoneyOnItsWayNoted(
            **at(CASE, version),
            money_id=MONEY,
            kind=MoneyKind.UNMATCHED,
            amount=eur(9_600),
            value_date=DAY,
            origin=Causation(MONEY, 1),
        ),
        MoneyOnItsWaySettled(**at(CASE, version + 1), money_id=MONEY, reason_code="RESOLVED", origin=Causation(MONEY, 2)),
        InteractionRecorded(
            **at(CASE, version + 2),
            origin=Causation(INTERACTION, 1),
            interaction_id=INTERACTION,
            person_id=DEBTOR,
            channel=Channel.CALL,
            direction=Direction.OUT,
            state=InteractionState.DONE,
            code="PROMISE",
            flags=("HUMAN", "RIGHT_PARTY"),
            permit_id=PERMIT,
            is_breach=True,
            request_id=REQUEST,
        ),
        OutcomeRevised(
            **at(CASE, version + 3),
            origin=Causation(INTERACTION, 2),
            interaction_id=INTERACTION,
            state=InteractionState.DONE,
            code="REFUSAL",
            flags=("HUMAN",),
        ),
        PermitRecorded(
            **at(CASE, version + 4),
            origin=Causation(DEBTOR, 9),
            permit_id=PERMIT,
            person_id=DEBTOR,
            verdict=PermitVerdict.DENIED,
            channel=Channel.EMAIL,
            purpose=Purpose.PROMISE_FOLLOW_UP,
            reason_codes=("QUIET_HOURS",),
            next_allowed_at=datetime(2026, 3, 3, 8, tzinfo=UTC),
            request_id=REQUEST,
        ),
        TreatmentRecorded(
            **at(CASE, version + 5),
            origin=Causation(REQUEST, 3),
            request_id=REQUEST,
            kind=TreatmentKind.MESSAGE,
            step="remind",
            strategy_version="2",
            person_id=DEBTOR,
            channel=Channel.EMAIL,
            purpose=Purpose.REMINDER,
            template="first-reminder",
            promise_id=PROMISE,
        ),
    ]


def _heeded(at: At, version: int) -> list[Fact]:
    heed_by = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
    return [
        HoldPlaced(
            **at(CASE, version),
            hold_id=HOLD,
            kind=HoldKind.LEGAL,
            scopes=(HoldScope.CONTACT, HoldScope.TREATMENT),
            from_=date(2026, 3, 2),
            through=None,
            reason_code="COURT",
            legal_basis="",
            evidence_refs=(),
            debt_id=None,
            amount=None,
            ground_id=None,
            heeded_by=("contacts", "strategy"),
            heed_by=heed_by,
        ),
        HoldAcknowledged(
            **at(CASE, version + 1),
            hold_id=HOLD,
            service="contacts",
            origin=Causation(CASE, 2),
            heeded_at=datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC),
            contacts_between=(ContactBetween(INTERACTION, datetime(2026, 3, 2, 12, tzinfo=UTC), Channel.SMS),),
            stopped=2,
        ),
        HoldAcknowledgementMissed(**at(CASE, version + 2), hold_id=HOLD, services=("strategy",), heed_by=heed_by),
    ]


def _evidence(at: At, terms: PortfolioTerms) -> list[Fact]:
    return [
        PortfolioOpened(**at(PORTFOLIO, 1), client_id=CLIENT, external_ref="LOANS-3", name="Loans", terms=terms),
        EvidenceAwaited(**at(PORTFOLIO, 2), day=DAY),
        UnmatchedMoneyNoted(**at(PORTFOLIO, 3), money_id=MONEY, amount=eur(9_600), value_date=DAY, origin=Causation(MONEY, 1)),
        UnmatchedMoneySettled(**at(PORTFOLIO, 4), money_id=MONEY, origin=Causation(MONEY, 2)),
        SourceCompletenessNoted(
            **at(PORTFOLIO, 5), source_id=SOURCE, complete_through=date(2026, 3, 17), evidence_ref="cobros-0317.csv", origin=SPOKEN
        ),
        EvidenceCalled(**at(PORTFOLIO, 6), day=DAY, is_complete=True),
    ]


def _docket(at: At) -> list[Fact]:
    docket = docket_of(PORTFOLIO, DAY, CASE)
    return [
        DocketEntered(**at(docket, 1), client_id=CLIENT, portfolio_id=PORTFOLIO, day=DAY, case_id=CASE),
        DocketAnnounced(**at(docket, 2), day=DAY),
        DocketCalled(**at(docket, 3), day=DAY),
        DocketPaged(**at(docket, 4), done=1),
    ]
