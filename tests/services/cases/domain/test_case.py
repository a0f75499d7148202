"""A case is registered, opened, closed with evidence and reopened: no state without a way back, and a fold is the case."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.cases.domain import balance, booking, closing, delinquency, disputing, dossier, parties, registration, special
from services.cases.domain.balance import balance_at
from services.cases.domain.case import Case, CaseIsClosed, CaseIsRejected, CaseIsUnknown, open_case
from services.cases.domain.circumstances import CircumstanceKind, CircumstanceStatus, Visibility
from services.cases.domain.closing import BalanceIsNotPaid, BalanceIsNotSmall, CaseIsNotClosed, CaseIsNotCured, CaseIsNotOpen
from services.cases.domain.contest import DisputeTerms, Finding
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.disputes import DisputeResolution
from services.cases.domain.dossier import Confidence
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.parties import CaseHasNoDebtor, Liability, Party, PartyRole
from services.cases.domain.portfolio import Portfolio, PortfolioIsUnknown
from services.cases.domain.registration import CaseIsOpen, CaseIsRegisteredAlready, register
from services.cases.domain.special import CircumstanceTerms
from services.cases.domain.steps import Declared
from services.cases.domain.terms import Authority
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid, Refusal
from tests.services.cases.examples import (
    CYCLES,
    NOON,
    THE_BATCH,
    THE_CASE,
    THE_DEBT,
    TODAY,
    a_debt,
    a_portfolio,
    a_registered_case,
    a_row,
    again,
    an_open_case,
    at,
    eur,
    names,
    principal,
    refused,
    sealed,
    stored,
    terms,
    the_debtor,
)

OURS = terms(balance_authority=Authority.OURS)


def test_a_row_becomes_a_case_with_its_parties_and_debts() -> None:
    case = at(Case.blank(THE_CASE), NOON)
    register(case, a_portfolio(), a_row())
    register(case, a_portfolio(), a_row())
    assert names(case) == ["CaseRegistered", "PartyAdded", "DebtAttached"]
    assert (case.lifecycle, balance_at(case, TODAY), bucket_at(case, TODAY)) == (Lifecycle.REGISTERED, eur(1_000), "")
    with refused(CaseIsRegisteredAlready):
        register(case, a_portfolio(), a_row(external_ref="ref-2"))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"external_ref": ""}, "external_ref"),
        ({"product": " "}, "product"),
        ({"debts": ()}, "debts"),
        ({"parties": ()}, "parties"),
        ({"debts": (a_debt(principal(1), principal(2)),)}, "debts[0].components[1].component"),
        ({"value_date": TODAY + timedelta(days=1)}, "value_date"),
    ],
)
def test_a_broken_row_is_refused_by_field(row: dict[str, Any], field: str) -> None:
    with refused(IsInvalid, field=field):
        register(at(Case.blank(THE_CASE), NOON), a_portfolio(), a_row(**row))


def test_a_row_needs_a_debtor_and_a_portfolio() -> None:
    with refused(CaseHasNoDebtor):
        register(at(Case.blank(THE_CASE), NOON), a_portfolio(), a_row(parties=(the_debtor(PartyRole.GUARANTOR),)))
    with refused(PortfolioIsUnknown):
        register(at(Case.blank(THE_CASE), NOON), Portfolio.blank(UUID(int=9)), a_row())


def test_a_case_opens_once() -> None:
    case = a_registered_case()
    open_case(case, "RELEASED")
    open_case(case, "RELEASED")
    assert names(case) == ["CaseOpened"]


def test_a_case_is_rejected_with_its_batch_and_only_before_it_opens() -> None:
    case = a_registered_case()
    registration.reject(case, THE_BATCH)
    registration.reject(case, THE_BATCH)
    assert (names(case), case.lifecycle) == (["CaseRejected"], Lifecycle.REJECTED)
    with refused(CaseIsRejected):
        open_case(case, "RELEASED")
    with refused(CaseIsRejected):
        delinquency.report_arrears(case, TODAY, Declared(1), None, "file")
    with refused(CaseIsOpen):
        registration.reject(an_open_case(), THE_BATCH)


@pytest.mark.parametrize(
    ("outcome", "owed", "cycles", "rule"),
    [
        (CloseOutcome.PAID_IN_FULL, 1, 0, BalanceIsNotPaid),
        (CloseOutcome.SETTLED, 1, 0, BalanceIsNotPaid),
        (CloseOutcome.SMALL_BALANCE, 11, 0, BalanceIsNotSmall),
        (CloseOutcome.CURED, 0, 1, CaseIsNotCured),
    ],
)
def test_an_outcome_has_its_precondition(outcome: CloseOutcome, owed: int, cycles: int, rule: type[Refusal]) -> None:
    case = an_open_case()
    balance.report_balance(case, TODAY, eur(owed), "file")
    delinquency.report_arrears(case, TODAY, Declared(cycles), None, "file")
    with refused(rule):
        closing.close(case, outcome, ["receipt-1"])
    balance.report_balance(case, TODAY, eur(0), "file-2")
    delinquency.report_arrears(case, TODAY, Declared(0), None, "file-2")
    closing.close(case, outcome, ["receipt-1"])
    assert case.outcome is outcome


def test_a_case_closes_once_with_evidence_and_what_was_owed() -> None:
    case = an_open_case()
    with refused(IsInvalid, field="evidence_refs"):
        closing.close(case, CloseOutcome.SOLD, [])
    closing.close(case, CloseOutcome.SOLD, ["deed-1"])
    closing.close(case, CloseOutcome.SOLD, ["deed-1"])
    (closed,) = told(case)
    assert isinstance(closed, closing.CaseClosed)
    assert closed.balance_at_close == (principal(1_000),)
    with refused(CaseIsClosed):
        closing.close(case, CloseOutcome.WRITTEN_OFF, ["minutes-1"])


def test_only_what_is_open_closes_and_only_what_is_closed_reopens() -> None:
    with refused(CaseIsNotOpen):
        closing.close(a_registered_case(), CloseOutcome.SOLD, ["deed-1"])
    with refused(CaseIsNotClosed):
        closing.reopen(an_open_case(), ReopenReason.NEW_EVIDENCE, [])
    with refused(CaseIsUnknown):
        closing.reopen(at(Case.blank(THE_CASE), NOON), ReopenReason.NEW_EVIDENCE, [])


@pytest.mark.parametrize("outcome", list(CloseOutcome))
def test_every_closed_case_has_a_way_back(outcome: CloseOutcome) -> None:
    case = a_case_with_every_ground()
    closing.close(case, outcome, ["proof-1"])
    stored(case)
    closing.reopen(case, ReopenReason.CLOSED_IN_ERROR, ["proof-2"])
    assert (names(case), case.lifecycle, case.outcome) == (["CaseReopened"], Lifecycle.OPEN, None)


def a_case_with_every_ground() -> Case:
    """Nothing is owed, nothing is late: all that was owed was disputed, and upheld; the debtor went bankrupt and died."""
    case = an_open_case()
    disputed = DisputeTerms(THE_DEBT, (principal(1_000),), "NOT_MINE", the_debtor().person_id)
    disputing.dispute(case, UUID(int=301), UUID(int=302), disputed)
    disputing.resolve(case, UUID(int=301), Finding(DisputeResolution.UPHELD, "CHECKED"))
    for number, kind in enumerate((CircumstanceKind.INSOLVENCY, CircumstanceKind.DECEASED)):
        proved = CircumstanceTerms(
            the_debtor().person_id, kind, CircumstanceStatus.CONFIRMED, "registry", Visibility.CASE, evidence_refs=("certificate",)
        )
        special.record(case, UUID(int=303 + number), None, proved)
    delinquency.report_arrears(case, TODAY, Declared(0), None, "file")
    return case


days = st.dates(date(2026, 1, 1), TODAY)


class LivesOfACase(RuleBasedStateMachine):
    """Any commands in any order, beside a model of a dict and a few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.case = at(Case.blank(THE_CASE), NOON)
        self.life = "UNSPECIFIED"
        self.booked: list[tuple[date, int]] = []
        self.theirs: dict[date, int] = {}
        self.cycles: dict[date, int] = {}
        self.people: dict[UUID, PartyRole] = {}
        self.facts = 0

    def expect(self, allowed: bool, decide: Any, *args: Any) -> bool:
        before = self.case.version
        try:
            decide(self.case, *args)
        except Refusal:
            assert not allowed
            assert self.case.version == before
            return False
        assert allowed
        return True

    @rule()
    def is_registered(self) -> None:
        register(self.case, a_portfolio(terms(CYCLES)), a_row())
        if self.life == "UNSPECIFIED":
            self.life, self.booked, self.people = "REGISTERED", [(date(2026, 1, 1), 1_000)], {the_debtor().person_id: PartyRole.DEBTOR}

    @rule()
    def is_opened(self) -> None:
        if self.expect(self.life in ("REGISTERED", "OPEN"), open_case, "RELEASED"):
            self.life = "OPEN"

    @precondition(lambda self: self.life in ("REGISTERED", "OPEN"))
    @rule(n=st.integers(0, 9))
    def is_rejected(self, n: int) -> None:
        if n == 0 and self.expect(self.life == "REGISTERED", registration.reject, THE_BATCH):
            self.life = "REJECTED"

    @rule(day=days, amount=st.integers(-1_500, 1_500).filter(bool))
    def is_adjusted(self, day: date, amount: int) -> None:
        workable = self.life in ("REGISTERED", "OPEN")
        if self.expect(workable, booking.adjust, THE_DEBT, (principal(amount),), AdjustmentReason.CORRECTION, "f", day):
            self.booked.append((day, amount))

    @rule(day=days, amount=st.integers(-100, 2_000))
    def has_its_balance_reported(self, day: date, amount: int) -> None:
        if self.expect(self.life in ("REGISTERED", "OPEN", "CLOSED"), balance.report_balance, day, eur(amount), "f"):
            self.theirs[day] = amount

    @rule(day=days, cycles=st.integers(-2, 6))
    def has_its_arrears_reported(self, day: date, cycles: int) -> None:
        if self.expect(self.life in ("REGISTERED", "OPEN", "CLOSED"), delinquency.report_arrears, day, Declared(cycles), None, "f"):
            self.cycles[day] = cycles

    @rule(n=st.integers(20, 22), role=st.sampled_from(PartyRole))
    def gets_a_party(self, n: int, role: PartyRole) -> None:
        person = UUID(int=n)
        allowed = self.life in ("REGISTERED", "OPEN") and self.people.get(person, role) is role
        if self.expect(allowed, parties.add, Party(person, role, Liability.FULL)):
            self.people[person] = role

    @rule(data=st.data())
    def loses_a_party(self, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(self.people, key=str) or [UUID(int=20)]))
        debtors = {who for who, role in self.people.items() if role is PartyRole.DEBTOR}
        allowed = self.life in ("REGISTERED", "OPEN") and person in self.people and bool(debtors - {person})
        if self.expect(allowed, parties.remove, person, "MISTAKE"):
            del self.people[person]

    @rule()
    def is_learned_of(self) -> None:
        fact_id = UUID(int=1_000 + self.facts)
        args = (fact_id, "note", sealed("x"), "debtor", Confidence.STATED)
        if self.expect(self.life in ("REGISTERED", "OPEN", "CLOSED"), dossier.record_fact, *args):
            self.facts += 1

    @rule(outcome=st.sampled_from([CloseOutcome.PAID_IN_FULL, CloseOutcome.CURED, CloseOutcome.SOLD]))
    def is_closed(self, outcome: CloseOutcome) -> None:
        met = {
            CloseOutcome.PAID_IN_FULL: self.balance_on(TODAY) <= 0,
            CloseOutcome.CURED: bool(self.cycles) and self.cycles[max(self.cycles)] <= 0,
            CloseOutcome.SOLD: True,
        }[outcome]
        repeated = self.life == "CLOSED" and self.case.outcome is outcome
        if self.expect((self.life == "OPEN" and met) or repeated, closing.close, outcome, ["proof"]):
            self.life = "CLOSED"

    @rule()
    def is_reopened(self) -> None:
        if self.expect(self.life == "CLOSED", closing.reopen, ReopenReason.NEW_EVIDENCE, []):
            self.life = "OPEN"

    def balance_on(self, day: date) -> int:
        known = [as_of for as_of in self.theirs if as_of <= day]
        return self.theirs[max(known)] if known else sum(amount for on, amount in self.booked if on <= day)

    @invariant()
    def is_what_the_model_says(self) -> None:
        assert self.case.lifecycle.name == self.life
        if not self.case.exists:
            return
        for day in (date(2026, 1, 1), date(2026, 2, 14), TODAY):
            assert balance_at(self.case, day) == eur(self.balance_on(day))
            known = [as_of for as_of in self.cycles if as_of <= day]
            expected = CYCLES.bucket_of(self.cycles[max(known)]).name if known else ""
            assert bucket_at(self.case, day) == expected
        assert {party.person_id: party.role for party in self.case.parties.by_person.values()} == self.people
        assert any(role is PartyRole.DEBTOR for role in self.people.values())

    @invariant()
    def is_the_fold_of_its_facts(self) -> None:
        folded = again(self.case, told(self.case))
        for region in ("lifecycle", "outcome", "terms", "debts", "balance", "parties", "delinquency", "dossier", "segment"):
            assert getattr(folded, region) == getattr(self.case, region)


TestLivesOfACase = LivesOfACase.TestCase
TestLivesOfACase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
