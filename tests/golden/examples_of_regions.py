"""One example of each fact of the case's later regions, in streams that can be folded. Add at the end of a stream; change nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.cases.domain.agent import (
    Agent,
    AgentCapacityChanged,
    AgentDeactivated,
    AgentGivenCase,
    AgentJoinedTeam,
    AgentKind,
    AgentLanguagesChanged,
    AgentLeftTeam,
    AgentReactivated,
    AgentRegistered,
    AgentSkillGranted,
    AgentSkillRevoked,
)
from services.cases.domain.assignment import (
    AssignmentDeclined,
    AssignmentGround,
    AssignmentLeaseExtended,
    AssignmentRequested,
    CaseAssigned,
    CaseUnassigned,
    UnassignReason,
)
from services.cases.domain.balance import BalanceReported
from services.cases.domain.buckets import BucketUnit
from services.cases.domain.case import Case
from services.cases.domain.circumstances import (
    CircumstanceKind,
    CircumstanceReviewDue,
    CircumstanceStatus,
    SpecialCircumstanceEnded,
    SpecialCircumstanceRecorded,
    Visibility,
)
from services.cases.domain.client_queries import ClientQueryAnswered, ClientQueryCancelled, ClientQueryOpened, ClientQueryOverdue
from services.cases.domain.complaints import ComplaintFiled, ComplaintOutcome, ComplaintOverdue, ComplaintResolved
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.debts import DebtAttached
from services.cases.domain.disputes import (
    DebtDisputed,
    DisputeAppealed,
    DisputeClosed,
    DisputeDeadlinePassed,
    DisputeInformationReceived,
    DisputeInformationRequested,
    DisputeResolution,
    DisputeResolved,
    DisputeReviewStarted,
    DisputeWithdrawn,
)
from services.cases.domain.hardship import (
    HardshipAccepted,
    HardshipDeclared,
    HardshipEnded,
    HardshipEvidenceRequested,
    HardshipMeasure,
    HardshipRejected,
    HardshipReviewed,
)
from services.cases.domain.holds import HoldExpired, HoldExtended, HoldKind, HoldLifted, HoldPlaced, HoldScope
from services.cases.domain.instalments import Instalment, InstalmentsScheduled
from services.cases.domain.payments import PaymentApplied, PaymentLine, PaymentUnapplied
from services.cases.domain.probing import QuestionnaireAnswered
from services.cases.domain.questionnaire import AnswerKind, Question, Questionnaire, QuestionnairePublished, QuestionnaireRetired
from services.cases.domain.reconciliation import (
    ArrearsDifferenceExplained,
    BalanceDifferenceExplained,
    BalanceDifferenceResolved,
    DifferenceCause,
    DifferenceKind,
    ReportRetracted,
)
from services.cases.domain.registration import CaseRegistered
from services.cases.domain.team import Team, TeamFormed
from services.cases.domain.terms import PortfolioTerms
from services.cases.domain.vulnerability import Need, VulnerabilityCleared, VulnerabilityFlagged, VulnerabilityReviewed
from services.cases.domain.withdrawals import CaseWithdrawn, WithdrawalRevoked
from services.kernel.facts import Causation, Fact, Place, Stream
from services.kernel.money import Money
from services.kernel.sealed import Sealed

CASE = UUID("0195c001-0000-7000-8000-000000000020")
DEBT = UUID("0195c001-0000-7000-8000-000000000021")
DEBTOR = UUID("0195c001-0000-7000-8000-000000000008")
LEDGER = UUID("0195c001-0000-7000-8000-000000000022")
TEAM = UUID("0195c001-0000-7000-8000-000000000023")
AGENT = UUID("0195c001-0000-7000-8000-000000000024")
QUESTIONNAIRE = UUID("0195c001-0000-7000-8000-000000000025")
FACT = UUID("0195c001-0000-7000-8000-00000000000c")
INTERACTION = UUID("0195c001-0000-7000-8000-000000000026")
PAYMENT, ALLOCATION = UUID(int=0x30), UUID(int=0x31)
HOLD, DEBT_HOLD, DISPUTE_HOLD = UUID(int=0x40), UUID(int=0x41), UUID(int=0x42)
DISPUTE, FLAG, HARDSHIP, SPECIAL, COMPLAINT, QUERY = (UUID(int=number) for number in range(0x50, 0x56))
SEALED = Sealed(DEBTOR, 1, bytes(range(12)), bytes(range(64, 100)))
DUE = date(2026, 4, 30)
LEASE = datetime(2026, 3, 2, 12, tzinfo=UTC)
At = Callable[[UUID, int], Place]


def eur(minor_units: int) -> Money:
    return Money("EUR", minor_units)


def principal(minor_units: int) -> tuple[ComponentAmount, ...]:
    return (ComponentAmount(Component.PRINCIPAL, eur(minor_units)),)


def streams(at: At, terms: PortfolioTerms) -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order. `at`: the place of a stream's fact."""
    facts: list[Fact] = [_registered(at, terms)]
    for region in (_money, _stops, _disputes, _circumstances, _complaints, _creditor, _hands):
        facts += region(at, len(facts) + 1)
    yield Case, facts
    yield (
        Questionnaire,
        [
            QuestionnairePublished(**at(QUESTIONNAIRE, 1), name="situation", number=1, questions=_questions()),
            QuestionnaireRetired(**at(QUESTIONNAIRE, 2), reason_code="OUT_OF_USE"),
        ],
    )
    yield Team, [TeamFormed(**at(TEAM, 1), external_ref="late", name="Late stage")]
    yield Agent, _agent(at)


def _registered(at: At, terms: PortfolioTerms) -> Fact:
    return CaseRegistered(
        **at(CASE, 1),
        client_id=UUID("0195c001-0000-7000-8000-000000000001"),
        portfolio_id=UUID("0195c001-0000-7000-8000-000000000002"),
        external_ref="LOAN-2",
        product="loan",
        jurisdiction="ES",
        batch_id=None,
        line=0,
        terms=terms,
    )


def _money(at: At, version: int) -> list[Fact]:
    line = PaymentLine(DEBT, Component.PRINCIPAL, eur(10_000), 1)
    return [
        DebtAttached(
            **at(CASE, version),
            debt_id=DEBT,
            external_ref="LOAN-2/A",
            product="loan",
            components=principal(90_000),
            oldest_due_date=None,
            value_date=date(2026, 1, 1),
        ),
        InstalmentsScheduled(
            **at(CASE, version + 1),
            debt_id=DEBT,
            instalments=(Instalment(1, date(2026, 2, 1), principal(45_000)), Instalment(2, date(2026, 3, 1), principal(45_000))),
            source_ref="contract-2",
        ),
        PaymentApplied(
            **at(CASE, version + 2),
            payment_id=PAYMENT,
            allocation_id=ALLOCATION,
            amount=eur(10_000),
            lines=(line,),
            value_date=date(2026, 2, 10),
            credit=eur(0),
            origin=Causation(LEDGER, 4),
            source="CREDITOR_FILE",
        ),
        PaymentUnapplied(
            **at(CASE, version + 3),
            payment_id=PAYMENT,
            allocation_id=ALLOCATION,
            amount=eur(10_000),
            value_date=date(2026, 2, 19),
            cause="RETURNED",
            origin=Causation(LEDGER, 5),
            lines=(line,),
        ),
    ]


def _stops(at: At, version: int) -> list[Fact]:
    every = (HoldScope.CONTACT, HoldScope.TREATMENT, HoldScope.INTEREST, HoldScope.DPD)
    return [
        HoldPlaced(
            **at(CASE, version),
            hold_id=HOLD,
            kind=HoldKind.STATUTORY_BREATHING_SPACE,
            scopes=every,
            from_=date(2026, 3, 1),
            through=date(2026, 4, 29),
            reason_code="MORATORIUM_GRANTED",
            legal_basis="SI 2020/1311",
            evidence_refs=("notice-1",),
            debt_id=None,
            amount=None,
            ground_id=None,
        ),
        HoldPlaced(
            **at(CASE, version + 1),
            hold_id=DISPUTE_HOLD,
            kind=HoldKind.DISPUTE,
            scopes=(HoldScope.TREATMENT,),
            from_=date(2026, 3, 2),
            through=None,
            reason_code="DISPUTED",
            legal_basis="",
            evidence_refs=(),
            debt_id=DEBT,
            amount=eur(20_000),
            ground_id=DISPUTE,
        ),
        HoldExtended(
            **at(CASE, version + 2),
            hold_id=HOLD,
            before=date(2026, 4, 29),
            through=date(2026, 5, 29),
            reason_code="EXTENDED_BY_COURT",
            evidence_refs=("notice-2",),
        ),
        HoldLifted(
            **at(CASE, version + 3),
            hold_id=DISPUTE_HOLD,
            effective_on=date(2026, 3, 20),
            reason_code="RESOLVED",
            evidence_refs=("letter-3",),
        ),
        HoldExpired(**at(CASE, version + 4), hold_id=HOLD, through=date(2026, 5, 29)),
    ]


def _disputes(at: At, version: int) -> list[Fact]:
    return [
        DebtDisputed(
            **at(CASE, version),
            dispute_id=DISPUTE,
            debt_id=DEBT,
            disputed=principal(20_000),
            reason_code="PAID_ALREADY",
            statement=SEALED,
            person_id=DEBTOR,
            evidence_refs=("receipt-1",),
            answer_due=DUE,
            hold_id=DISPUTE_HOLD,
        ),
        DisputeInformationRequested(**at(CASE, version + 1), dispute_id=DISPUTE, asked_of="CREDITOR", subject="CONTRACT_COPY", due=DUE),
        DisputeInformationReceived(**at(CASE, version + 2), dispute_id=DISPUTE, evidence_refs=("contract-2",)),
        DisputeReviewStarted(**at(CASE, version + 3), dispute_id=DISPUTE),
        DisputeDeadlinePassed(**at(CASE, version + 4), dispute_id=DISPUTE, answer_due=DUE),
        DisputeResolved(
            **at(CASE, version + 5),
            dispute_id=DISPUTE,
            resolution=DisputeResolution.PARTLY_UPHELD,
            upheld=principal(5_000),
            reason_code="PARTLY_PAID",
            evidence_refs=("letter-4",),
        ),
        DisputeAppealed(
            **at(CASE, version + 6),
            dispute_id=DISPUTE,
            reason_code="NEW_EVIDENCE",
            statement=None,
            evidence_refs=("receipt-2",),
            answer_due=DUE,
            hold_id=DISPUTE_HOLD,
        ),
        DisputeWithdrawn(**at(CASE, version + 7), dispute_id=DISPUTE, reason_code="SETTLED"),
        DisputeClosed(**at(CASE, version + 8), dispute_id=DISPUTE),
    ]


def _circumstances(at: At, version: int) -> list[Fact]:
    return [
        VulnerabilityFlagged(
            **at(CASE, version),
            flag_id=FLAG,
            person_id=DEBTOR,
            details=SEALED,
            needs=(Need.NO_CALLS, Need.MORE_TIME),
            visibility=Visibility.RESTRICTED,
            source="debtor",
            review_on=DUE,
            hold_id=HOLD,
        ),
        CircumstanceReviewDue(**at(CASE, version + 1), circumstance_id=FLAG, review_on=DUE),
        VulnerabilityReviewed(**at(CASE, version + 2), flag_id=FLAG, outcome_code="GOES_ON", needs=(Need.WRITTEN_ONLY,), review_on=DUE),
        VulnerabilityCleared(**at(CASE, version + 3), flag_id=FLAG, reason_code="NO_LONGER_SO"),
        HardshipDeclared(
            **at(CASE, version + 4), hardship_id=HARDSHIP, person_id=DEBTOR, declaration=SEALED, source="debtor", hold_id=None
        ),
        HardshipEvidenceRequested(**at(CASE, version + 5), hardship_id=HARDSHIP, subjects=("PAYSLIP",), due=DUE),
        HardshipAccepted(
            **at(CASE, version + 6),
            hardship_id=HARDSHIP,
            measures=(HardshipMeasure.PAUSE, HardshipMeasure.INTEREST_STOP),
            review_on=DUE,
            evidence_refs=("payslip-1",),
        ),
        HardshipReviewed(**at(CASE, version + 7), hardship_id=HARDSHIP, measures=(HardshipMeasure.REDUCED_PAYMENT,), review_on=DUE),
        HardshipRejected(**at(CASE, version + 8), hardship_id=HARDSHIP, reason_code="NO_EVIDENCE"),
        HardshipEnded(**at(CASE, version + 9), hardship_id=HARDSHIP, reason_code="INCOME_RESTORED"),
        SpecialCircumstanceRecorded(
            **at(CASE, version + 10),
            circumstance_id=SPECIAL,
            person_id=DEBTOR,
            kind=CircumstanceKind.INSOLVENCY,
            status=CircumstanceStatus.CLAIMED,
            source="court",
            evidence_refs=("boe-1",),
            visibility=Visibility.CASE,
            review_on=DUE,
            hold_id=HOLD,
        ),
        SpecialCircumstanceEnded(**at(CASE, version + 11), circumstance_id=SPECIAL, reason_code="DISMISSED"),
    ]


def _complaints(at: At, version: int) -> list[Fact]:
    return [
        ComplaintFiled(
            **at(CASE, version),
            complaint_id=COMPLAINT,
            person_id=DEBTOR,
            interaction_ids=(INTERACTION,),
            category="TONE",
            statement=SEALED,
            answer_due=DUE,
            hold_id=HOLD,
        ),
        ComplaintOverdue(**at(CASE, version + 1), complaint_id=COMPLAINT, answer_due=DUE),
        ComplaintResolved(
            **at(CASE, version + 2),
            complaint_id=COMPLAINT,
            outcome=ComplaintOutcome.UPHELD,
            reason_code="CONDUCT_BREACH",
            redress=eur(2_000),
            evidence_refs=("letter-5",),
        ),
        ClientQueryOpened(
            **at(CASE, version + 3), query_id=QUERY, subject="ALREADY_PAID", debt_id=DEBT, question=SEALED, due=DUE, hold_id=HOLD
        ),
        ClientQueryOverdue(**at(CASE, version + 4), query_id=QUERY, due=DUE),
        ClientQueryAnswered(**at(CASE, version + 5), query_id=QUERY, answer_code="CONFIRMED", answer=SEALED, evidence_refs=("mail-1",)),
        ClientQueryCancelled(**at(CASE, version + 6), query_id=QUERY, reason_code="NOT_NEEDED"),
        QuestionnaireAnswered(
            **at(CASE, version + 7),
            questionnaire_id=QUESTIONNAIRE,
            number=1,
            fact_ids=(FACT,),
            person_id=DEBTOR,
            interaction_id=INTERACTION,
            withheld=("reason_for_default",),
        ),
    ]


def _creditor(at: At, version: int) -> list[Fact]:
    as_of = date(2026, 3, 31)
    return [
        BalanceReported(**at(CASE, version), as_of=as_of, theirs=eur(78_750), ours=eur(80_000), source_ref="saldos-03.csv"),
        BalanceDifferenceExplained(
            **at(CASE, version + 1),
            as_of=as_of,
            ours=eur(80_000),
            theirs=eur(78_750),
            causes=(DifferenceCause(DifferenceKind.PAYMENT_UNKNOWN_TO_US, eur(1_000), 4, "cobros-03.csv"),),
            unexplained=eur(250),
            unexplained_since=as_of,
            source_ref="saldos-03.csv",
        ),
        BalanceDifferenceResolved(
            **at(CASE, version + 2), as_of=as_of, amount=eur(250), reason_code="CREDITOR_CORRECTED", evidence_refs=("mail-2",)
        ),
        ArrearsDifferenceExplained(
            **at(CASE, version + 3), as_of=as_of, unit=BucketUnit.DAYS, ours=28, theirs=58, cause="PAUSES", source_ref="saldos-03.csv"
        ),
        ReportRetracted(
            **at(CASE, version + 4),
            as_of=as_of,
            source_ref="saldos-03.csv",
            by_source_ref="saldos-03b.csv",
            reason_code="WRONG_FILE",
            reported_as_of=date(2026, 2, 28),
            reported=eur(100_000),
        ),
        CaseWithdrawn(**at(CASE, version + 5), reason_code="SOLD_BY_CREDITOR", source_ref="bajas-04.csv", effective_on=date(2026, 4, 1)),
        WithdrawalRevoked(**at(CASE, version + 6), reason_code="SENT_IN_ERROR", evidence_refs=("mail-3",)),
    ]


def _hands(at: At, version: int) -> list[Fact]:
    ground = AssignmentGround("CLOSENESS", "worked two cases of the same person before", 2, 17)
    return [
        AssignmentRequested(**at(CASE, version), skills=("LATE_STAGE",), language="es", team_id=TEAM, reason_code="NEW_CASE"),
        CaseAssigned(
            **at(CASE, version + 1),
            agent_id=AGENT,
            kind=AgentKind.HUMAN,
            team_id=TEAM,
            reason_code="NEW_CASE",
            ground=ground,
            lease_until=LEASE,
            rule_version="assignment-1",
        ),
        AssignmentLeaseExtended(**at(CASE, version + 2), agent_id=AGENT, before=LEASE, lease_until=datetime(2026, 3, 2, 18, tzinfo=UTC)),
        CaseUnassigned(**at(CASE, version + 3), agent_id=AGENT, reason=UnassignReason.LEASE_EXPIRED),
        AssignmentDeclined(**at(CASE, version + 4), agent_id=AGENT, reason_code="KNOWS_THE_DEBTOR"),
    ]


def _questions() -> tuple[Question, ...]:
    return (
        Question("reason_for_default", "Why was it not paid?", AnswerKind.CHOICE, ("UNEMPLOYMENT", "OVERSIGHT"), ("CO",)),
        Question("net_income", "How much comes in each month?", AnswerKind.AMOUNT, (), ()),
    )


def _agent(at: At) -> list[Fact]:
    return [
        AgentRegistered(**at(AGENT, 1), subject="agent-7", kind=AgentKind.HUMAN, languages=("es", "ca"), team_ids=(TEAM,), cases_max=80),
        AgentSkillGranted(**at(AGENT, 2), skill="LATE_STAGE", certificate_ref="cert-1", expires_on=date(2027, 3, 1)),
        AgentSkillRevoked(**at(AGENT, 3), skill="LATE_STAGE", reason_code="FAILED_REVIEW"),
        AgentLanguagesChanged(**at(AGENT, 4), languages=("es",)),
        AgentCapacityChanged(**at(AGENT, 5), cases_max=40),
        AgentLeftTeam(**at(AGENT, 6), team_id=TEAM),
        AgentJoinedTeam(**at(AGENT, 7), team_id=TEAM),
        AgentDeactivated(**at(AGENT, 8), reason_code="ON_LEAVE"),
        AgentReactivated(**at(AGENT, 9)),
        AgentGivenCase(**at(AGENT, 10), case_id=CASE, case_version=12),
    ]
