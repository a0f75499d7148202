"""One example of each fact of strategy, in streams that can be folded. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.kernel.facts import Causation, Fact, Stream
from services.strategy.domain.asking import RequestAnswer, RequestAnswered, RequestKind, TreatmentRequested
from services.strategy.domain.assignment import SegmentAssigned
from services.strategy.domain.choosing import Candidate, Input, hash_of
from services.strategy.domain.course import (
    StepCompleted,
    StepEntered,
    StepSkipped,
    TreatmentDecided,
    TreatmentMoved,
    TreatmentOverridden,
    WaitAnchored,
)
from services.strategy.domain.graph import Channel, Purpose, StepKind, WaitAnchor
from services.strategy.domain.happenings import (
    DebtorNoted,
    LatenessNoted,
    MoneyOnItsWayNoted,
    MoneyOnItsWaySettled,
    PartyRole,
    PaymentNoted,
    PromiseNoted,
    PromiseState,
)
from services.strategy.domain.heeding import AutomationPaused, AutomationResumed, HoldChangeNoted, HoldHeeded
from services.strategy.domain.lifecycle import (
    BalanceAuthorityNoted,
    StandingNoted,
    TreatmentEnded,
    TreatmentOpened,
    TreatmentResumed,
    TreatmentStarted,
)
from services.strategy.domain.segments import SegmentTableActivated, SegmentTablePublished, SegmentTables
from services.strategy.domain.standing import BalanceAuthority
from services.strategy.domain.strategies import Jump, Migration, Strategies, StrategyActivated, StrategyPublished
from services.strategy.domain.treatment import Treatment
from tests.golden.examples_of_cases import CASE, CLIENT, DEBT, PORTFOLIO, TREATMENT, at, eur

TABLES = UUID("0195c001-0000-7000-8000-0000000000f0")
STRATEGIES = UUID("0195c001-0000-7000-8000-0000000000f1")
DECISION = UUID("0195c001-0000-5000-8000-0000000000f2")
REQUEST = UUID("0195c001-0000-5000-8000-0000000000f3")
PERSON = UUID("0195c001-0000-7000-8000-0000000000f4")
PAYMENT = UUID("0195c001-0000-7000-8000-0000000000f5")
ALLOCATION = UUID("0195c001-0000-7000-8000-0000000000f6")
PROMISE = UUID("0195c001-0000-7000-8000-0000000000f7")
HOLD = UUID("0195c001-0000-7000-8000-0000000000f8")
INTERACTION = UUID("0195c001-0000-7000-8000-0000000000f9")
TEAM = UUID("0195c001-0000-7000-8000-0000000000fa")
INSTANT = datetime(2026, 4, 22, 8, 30, tzinfo=UTC)
GRAPH = b"form: acuerdo.strategy/1\n"
TABLE = b'{"nodes": [], "edges": []}'


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield (
        SegmentTables,
        [
            SegmentTablePublished(**at(TABLES, 1), version=1, table=TABLE, table_hash=hashlib.sha256(TABLE).digest(), name="Cards"),
            SegmentTableActivated(**at(TABLES, 2), version=1, from_=0),
        ],
    )
    yield Treatment, _a_treatment()
    yield (
        Strategies,
        [
            StrategyPublished(
                **at(STRATEGIES, 1), version=1, name="Listen first", document=GRAPH, document_hash=hashlib.sha256(GRAPH).digest()
            ),
            StrategyActivated(
                **at(STRATEGIES, 2),
                version=1,
                from_=2,
                migration=Migration.JUMP,
                jumps=(Jump("remind", "remind_again"),),
                reason_code="FEWER_LETTERS",
            ),
        ],
    )


def _a_treatment() -> list[Fact]:
    return [
        TreatmentStarted(
            **at(TREATMENT, 1),
            case_id=CASE,
            client_id=CLIENT,
            portfolio_id=PORTFOLIO,
            origin=Causation(CASE, 1),
            currency_code="EUR",
            balance_authority=BalanceAuthority.CREDITOR,
            zone="Europe/Madrid",
        ),
        TreatmentOpened(**at(TREATMENT, 2), case_id=CASE, origin=Causation(CASE, 6)),
        StandingNoted(
            **at(TREATMENT, 3),
            bucket="2",
            balance=eur(97_000),
            origin=Causation(CASE, 9),
            debt_id=DEBT,
            debt_balance=eur(97_450),
            reported_as_of=date(2026, 3, 31),
            reported=eur(97_000),
        ),
        SegmentAssigned(
            **at(TREATMENT, 4),
            case_id=CASE,
            from_="",
            to="personal_call",
            table_version=1,
            row_id="two-cycles-small",
            reason="Two payments missed: call, and listen.",
            bucket="2",
            balance=eur(97_000),
            client_id=CLIENT,
        ),
        BalanceAuthorityNoted(
            **at(TREATMENT, 5),
            balance_authority=BalanceAuthority.OURS,
            zone="Atlantic/Canary",
            effective_from=date(2026, 7, 1),
            origin=Causation(CASE, 13),
        ),
        TreatmentEnded(**at(TREATMENT, 6), case_id=CASE, reason_code="PAID_IN_FULL", origin=Causation(CASE, 21)),
        TreatmentResumed(**at(TREATMENT, 7), case_id=CASE, origin=Causation(CASE, 22)),
        *_what_a_treatment_is_told(8),
        *_a_course(17),
    ]


def _what_a_treatment_is_told(version: int) -> Iterator[Fact]:
    places = (at(TREATMENT, number) for number in range(version, version + 9))
    yield DebtorNoted(**next(places), case_id=CASE, person_id=PERSON, role=PartyRole.DEBTOR, is_gone=False, origin=Causation(CASE, 23))
    yield LatenessNoted(**next(places), case_id=CASE, past_due_units=61, since=date(2026, 4, 2), origin=Causation(CASE, 24))
    yield PaymentNoted(
        **next(places),
        case_id=CASE,
        payment_id=PAYMENT,
        allocation_id=ALLOCATION,
        amount=eur(5_000),
        value_date=date(2026, 4, 3),
        is_taken_back=False,
        origin=Causation(CASE, 25),
    )
    yield PromiseNoted(
        **next(places),
        case_id=CASE,
        promise_id=PROMISE,
        state=PromiseState.UNPAID_SO_FAR,
        deadline=date(2026, 4, 10),
        origin=Causation(CASE, 26),
    )
    yield MoneyOnItsWayNoted(**next(places), case_id=CASE, money_id=PAYMENT, until=INSTANT, origin=Causation(PAYMENT, 1))
    yield MoneyOnItsWaySettled(**next(places), case_id=CASE, money_id=PAYMENT, reason_code="APPLIED", origin=Causation(CASE, 27))
    yield HoldHeeded(
        **next(places),
        case_id=CASE,
        hold_id=HOLD,
        origin=Causation(CASE, 28),
        heeded_at=INSTANT,
        steps_stopped=("remind",),
        stops_treatment=True,
        from_=date(2026, 4, 4),
        through=date(2026, 4, 30),
        debt_id=DEBT,
        is_of_a_part=False,
    )
    yield HoldChangeNoted(**next(places), case_id=CASE, hold_id=HOLD, origin=Causation(CASE, 29), through=date(2026, 4, 20))
    yield AutomationPaused(**next(places), case_id=CASE, reason_code="AGENT_TALKS", until=INSTANT)


def _a_course(version: int) -> Iterator[Fact]:
    places = (at(TREATMENT, number) for number in range(version, version + 9))
    inputs = (Input("bucket", "2"), Input("messages_sent", "0"))
    yield AutomationResumed(**next(places), case_id=CASE, reason_code="EXPIRED")
    yield TreatmentDecided(
        **next(places),
        case_id=CASE,
        decision_id=DECISION,
        strategy_version=1,
        document_hash=hashlib.sha256(GRAPH).digest(),
        table_version=1,
        step="sort_out",
        occasion="decide",
        inputs=inputs,
        inputs_hash=hash_of(inputs),
        candidates=(Candidate("long_overdue", "call"), Candidate("no_answer", "remind")),
        chosen="no_answer",
        leads_to="remind",
        row_id="no_answer",
        reason="Nobody has written to them yet.",
        origin=Causation(CASE, 29),
    )
    yield StepEntered(
        **next(places),
        case_id=CASE,
        strategy_version=1,
        step="remind",
        kind=StepKind.MESSAGE,
        from_step="sort_out",
        decision_id=DECISION,
        on=date(2026, 4, 21),
    )
    yield TreatmentRequested(
        **next(places),
        request_id=REQUEST,
        case_id=CASE,
        kind=RequestKind.MESSAGE,
        person_id=PERSON,
        channel=Channel.EMAIL,
        purpose=Purpose.REMINDER,
        template="first-reminder",
        wants_link=True,
        promise_id=PROMISE,
        strategy_version=1,
        step="remind",
        decision_id=DECISION,
        attempt=1,
        team_id=TEAM,
        skills=("listens",),
        language="es",
        reason_code="NO_ANSWER",
        currency_code="EUR",
        wants_reference=True,
    )
    yield RequestAnswered(
        **next(places),
        case_id=CASE,
        request_id=REQUEST,
        answer=RequestAnswer.DEFERRED,
        origin=Causation(PERSON, 7),
        until=INSTANT,
        reason_codes=("CO_WEEKLY",),
        interaction_id=INTERACTION,
    )
    yield TreatmentMoved(**next(places), case_id=CASE, from_version=1, to_version=2, migration=Migration.JUMP, from_step="remind")
    yield WaitAnchored(**next(places), case_id=CASE, step="remind", anchor=WaitAnchor.MESSAGE, anchored_on=date(2026, 4, 21), until=INSTANT)
    yield TreatmentOverridden(**next(places), case_id=CASE, step="call", reason_code="ASKED_FOR")
    yield StepSkipped(**next(places), case_id=CASE, strategy_version=2, step="remind", reason_code="OVERRIDDEN", decision_id=DECISION)
    yield StepCompleted(**at(TREATMENT, version + 9), case_id=CASE, strategy_version=2, step="call", outcome="on_paid")
