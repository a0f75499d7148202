"""Whatever happens to a link and to the holds of its case, in whatever order: what must never be, and what must always be so."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.kernel.facts import Causation, Stream, told
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from services.payments.domain import case_links, linking, noting, owing
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind
from services.payments.domain.book import BookState, CaseTraits
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.components import Component, ComponentAmount
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import CheckoutStarted, PaymentLink, PaymentLinkPaid, payment_of, stream_of
from services.payments.domain.linking import LinkTerms

CASE, CLIENT, PORTFOLIO, DEBT = (UUID(int=number) for number in range(1, 5))
HASH = b"h" * 32
BEGIN = datetime(2026, 3, 27, 10, tzinfo=UTC)
"""Two days before Madrid's clocks go forward."""
FIRST_DAY = date(2026, 3, 27)


def eur(minor_units: int) -> Money:
    return Money("EUR", minor_units)


class LinkOfACase(RuleBasedStateMachine):
    """One link of one case, decided on as the log would."""

    @initialize(kind=st.sampled_from([AmountRuleKind.BALANCE, AmountRuleKind.PAST_DUE]), least=st.none() | st.integers(1, 20_000))
    def a_link_is_issued(self, kind: AmountRuleKind, least: int | None) -> None:
        self.now, self.version, self.holds = BEGIN, 3, 0
        self.ledger: AllocationLedger = AllocationLedger.blank(UUID(int=9))
        self.links: CaseLinks = CaseLinks.blank(case_links.stream_of(CASE))
        self.link: PaymentLink = PaymentLink.blank(stream_of(HASH))
        traits = CaseTraits(CASE, CLIENT, PORTFOLIO, "ref", "card", "ES", "EUR", "Europe/Madrid")
        self.decide(self.ledger, noting.open_book, traits, Causation(CASE, 1))
        self.decide(self.ledger, noting.turn, state=BookState.OPEN, origin=Causation(CASE, 2))
        self.charge(10_000, UUID(int=40))
        terms = LinkTerms(CASE, HASH, AmountRule(kind, least=None if least is None else eur(least)))
        self.decide(self.link, linking.issue, self.links, self.ledger, terms)
        self.decide(self.links, case_links.note_link, self.link, CASE)

    def decide(self, stream: Stream, decision: Any, *given: Any, **said: Any) -> None:
        """As the log does: the moment is set before, on the stream that decides."""
        stream.now = stream.happened_at = self.now
        decision(stream, *given, **said)

    def charge(self, minor_units: int, debt_id: UUID) -> None:
        self.version += 1
        self.decide(
            self.ledger,
            noting.note_debt,
            debt_id=debt_id,
            product="card",
            components=(ComponentAmount(Component.PRINCIPAL, eur(minor_units)),),
            oldest_due_date=None,
            counts_from=FIRST_DAY - timedelta(days=30),
            origin=Causation(CASE, self.version),
        )

    @rule(hours=st.integers(1, 60))
    def time_goes_by(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(minor_units=st.integers(1, 50_000))
    def more_is_owed(self, minor_units: int) -> None:
        self.charge(minor_units, UUID(int=100 + self.version))

    @rule(from_=st.integers(-3, 6), days=st.none() | st.integers(-2, 8), is_stopping=st.booleans())
    def a_hold_is_placed(self, from_: int, days: int | None, is_stopping: bool) -> None:
        self.version, self.holds = self.version + 1, self.holds + 1
        first = FIRST_DAY + timedelta(days=from_)
        self.decide(
            self.links,
            case_links.note_hold,
            self.ledger,
            case_id=CASE,
            hold_id=UUID(int=1000 + self.holds),
            is_stopping=is_stopping,
            from_=first,
            through=None if days is None else first + timedelta(days=days),
            origin=Causation(CASE, self.version),
        )

    @rule(which=st.integers(1, 4), through=st.none() | st.integers(-4, 12))
    def a_hold_ends_otherwise(self, which: int, through: int | None) -> None:
        self.version += 1
        day = None if through is None else FIRST_DAY + timedelta(days=through)
        ends = case_links.note_hold_end
        self.decide(self.links, ends, case_id=CASE, hold_id=UUID(int=1000 + which), through=day, origin=Causation(CASE, self.version))

    @rule()
    def the_timers_fire(self) -> None:
        for due in list(self.links.due()):
            if due.at <= self.now:
                before = len(told(self.links))
                self.decide(self.link, linking.settle_holds, self.links)
                self.decide(self.links, case_links.settle_holds, self.link)
                assert len(told(self.links)) > before, "a timer that is due comes to something"
        for due in list(self.link.due()):
            if due.at <= self.now:
                self.decide(self.link, linking.expire)
                assert self.link.is_expired
        assert all(due.at > self.now for due in (*self.links.due(), *self.link.due())), "and is not due again at once"
        if not self.link.is_over:
            assert sorted(self.link.frozen_by) == sorted(self.links.stopped_by(self.now))
            acting = {hold.id for hold in self.links.holds.values() if hold.is_acting}
            assert acting == set(self.links.stopped_by(self.now))

    @rule()
    def it_is_opened(self) -> None:
        with suppress(Refusal):
            self.decide(self.link, linking.open_link, self.links, self.ledger)

    @rule(amount=st.integers(1, 60_000), takes_what_is_offered=st.booleans())
    def somebody_pays(self, amount: int, takes_what_is_offered: bool) -> None:
        with suppress(Refusal):
            if takes_what_is_offered:
                amount = linking.offer(self.link, self.links, self.ledger, self.now).due.minor_units
            number = self.link.checkouts + 1
            self.decide(
                self.link,
                linking.start_checkout,
                self.links,
                self.ledger,
                payment_id=payment_of(self.link.id, number),
                number=number,
                amount=eur(amount),
            )

    @rule(number=st.integers(1, 6), comes=st.booleans())
    def the_provider_speaks(self, number: int, comes: bool) -> None:
        """Of the payment under way, or of one before; on time, late, twice."""
        payment_id = payment_of(self.link.id, number)
        begun = [fact for fact in told(self.link) if isinstance(fact, CheckoutStarted) and fact.payment_id == payment_id]
        if begun and comes:
            self.decide(self.link, linking.note_payment, payment_id=payment_id, amount=begun[0].amount)
        elif begun:
            self.decide(self.link, linking.end_checkout, payment_id=payment_id, cause="FAILED")

    @rule()
    def it_is_revoked(self) -> None:
        with suppress(Refusal):
            self.decide(self.link, linking.revoke, reason_code="ASKED")

    @invariant()
    def nothing_is_offered_while_a_hold_stops_it_or_its_time_is_over(self) -> None:
        try:
            choice = linking.offer(self.link, self.links, self.ledger, self.now)
        except Refusal:
            return
        assert not self.links.stopped_by(self.now)
        assert not self.link.revoked_for
        assert self.link.expires_at is not None
        assert self.now < self.link.expires_at
        assert eur(0) < choice.least <= choice.due <= choice.most <= owing.owed(self.ledger, self.now).balance

    @invariant()
    def each_payment_is_begun_once_and_counted_once(self) -> None:
        begun = [fact for fact in told(self.link) if isinstance(fact, CheckoutStarted)]
        paid = [fact for fact in told(self.link) if isinstance(fact, PaymentLinkPaid)]
        assert [fact.number for fact in begun] == list(range(1, len(begun) + 1))
        assert len({fact.payment_id for fact in paid}) == len(paid)
        assert self.link.paid.minor_units == sum(fact.amount.minor_units for fact in paid)

    @invariant()
    def what_was_told_says_it_all(self) -> None:
        for live in (self.link, self.links):
            again = type(live).blank(live.id)
            for fact in told(live):
                fact.mutate(again)
            assert {name: value for name, value in vars(again).items() if name not in ("now", "happened_at", "_pending_events")} == {
                name: value for name, value in vars(live).items() if name not in ("now", "happened_at", "_pending_events")
            }


TestAnyOrder = LinkOfACase.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
