"""Told by others: what payments does with the facts of other services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.contacts.v1.message_events_pb2 import AttemptStarted
from google.protobuf.message import Message

from services.chassis.heard import Heard, Reactions
from services.chassis.rpc import words
from services.kernel.facts import Change
from services.payments.application import books, links
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind
from services.payments.domain.book import BookState, CaseTraits, CommitmentPart, NotedInstalment
from services.payments.domain.components import Component, ComponentAmount
from services.payments.domain.linking import LinkTerms

Changes = Iterable[Change[Any]]

STOPPING = frozenset({holds.HOLD_SCOPE_CONTACT, holds.HOLD_SCOPE_TREATMENT})
"""Scopes of holds that stop payment links. A dispute stops them whatever it says."""

# Case books: what cases tells of a case ---------------------------------------------------------------------------------


def open_book(heard: Heard[cases.CaseRegistered]) -> Changes:
    fact = heard.fact
    traits = CaseTraits(
        case_id=heard.stream_id,
        client_id=UUID(bytes=fact.client_id),
        portfolio_id=UUID(bytes=fact.portfolio_id),
        external_ref=fact.external_ref,
        product=fact.product,
        jurisdiction=fact.jurisdiction,
        currency_code=fact.terms.currency_code,
        zone=fact.terms.zone,
    )
    return books.open_book(traits, heard.origin)


def note_opened(heard: Heard[cases.CaseOpened]) -> Changes:
    yield books.turn_book(heard.stream_id, BookState.OPEN, heard.origin)


def note_closed(heard: Heard[cases.CaseClosed]) -> Changes:
    yield books.turn_book(heard.stream_id, BookState.CLOSED, heard.origin)


def note_reopened(heard: Heard[cases.CaseReopened]) -> Changes:
    yield books.turn_book(heard.stream_id, BookState.OPEN, heard.origin)


def note_rejected(heard: Heard[cases.CaseRejected]) -> Changes:
    yield books.turn_book(heard.stream_id, BookState.REJECTED, heard.origin)


def note_debt(heard: Heard[cases.DebtAttached]) -> Changes:
    fact = heard.fact
    yield books.note_debt(
        heard.stream_id,
        UUID(bytes=fact.debt_id),
        fact.product,
        _amounts(fact.components),
        _day_or_none(fact, "oldest_due_date"),
        words.day(fact.value_date, "value_date"),
        heard.origin,
    )


def note_change(heard: Heard[cases.DebtBalanceAdjusted]) -> Changes:
    fact = heard.fact
    value_date = words.day(fact.value_date, "value_date")
    yield books.note_change(heard.stream_id, UUID(bytes=fact.debt_id), _amounts(fact.deltas), value_date, heard.origin)


def note_debt_gone(heard: Heard[cases.DebtDetached]) -> Changes:
    fact = heard.fact
    yield books.note_debt_gone(heard.stream_id, UUID(bytes=fact.debt_id), words.day(fact.value_date, "value_date"), heard.origin)


def note_instalments(heard: Heard[cases.InstalmentsScheduled]) -> Changes:
    fact = heard.fact
    noted = [NotedInstalment(each.number, words.day(each.due_date, "due_date"), _amounts(each.components)) for each in fact.instalments]
    yield books.note_instalments(heard.stream_id, UUID(bytes=fact.debt_id), noted, heard.origin)


def note_credit(heard: Heard[cases.PaymentApplied]) -> Changes:
    fact = heard.fact
    yield books.note_credit(heard.stream_id, UUID(bytes=fact.allocation_id), words.money(fact.credit), heard.origin)


# Promises: money goes to what was promised first ------------------------------------------------------------------------


def note_promise(heard: Heard[promises.PromiseMade]) -> Changes:
    fact = heard.fact
    parts = _parts(fact.parts)
    through = max(part.due_date for part in parts) + timedelta(days=fact.grace_days)
    debt_ids = [UUID(bytes=debt_id) for debt_id in fact.debt_ids]
    made_on = words.day(fact.made_on, "made_on")
    yield books.note_commitment(heard.stream_id, UUID(bytes=fact.promise_id), debt_ids, parts, made_on, through, heard.origin)


def move_promise(heard: Heard[promises.PromiseResumed]) -> Changes:
    fact = heard.fact
    yield books.move_commitment(heard.stream_id, UUID(bytes=fact.promise_id), _parts(fact.parts), heard.origin)


def note_promise_over(heard: Heard[Any]) -> Changes:
    """Kept, cancelled or superseded: money goes to it no longer. A broken one is still paid by what was paid in time and comes late."""
    yield books.turn_commitment(heard.stream_id, UUID(bytes=heard.fact.promise_id), False, heard.origin)


def note_promise_again(heard: Heard[promises.PromiseKeptRevoked]) -> Changes:
    yield books.turn_commitment(heard.stream_id, UUID(bytes=heard.fact.promise_id), True, heard.origin)


def _parts(wire: Iterable[promises.PromisePart]) -> list[CommitmentPart]:
    return [CommitmentPart(words.day(part.date, "date"), words.money(part.amount)) for part in wire]


def _amounts(wire: Iterable[types.ComponentAmount]) -> tuple[ComponentAmount, ...]:
    return tuple(ComponentAmount(_component(each.component), words.money(each.amount)) for each in wire)


def _component(wire: types.Component) -> Component:
    return Component[types.Component.Name(wire).removeprefix("COMPONENT_")]


def _day_or_none(fact: Message, field: str) -> date | None:
    return words.day(getattr(fact, field), field) if fact.HasField(field) else None


# Payment links ---------------------------------------------------------------------


def note_creditor(heard: Heard[cases.ClientRegistered]) -> Changes:
    yield links.note_creditor(heard.stream_id, heard.fact.name, heard.origin)


def issue_link(heard: Heard[AttemptStarted]) -> Changes:
    """A message waits for the link that its token opens; contacts sends it once the link is issued, and gives it up where it is refused."""
    fact = heard.fact
    if not fact.link_token_hash:
        return
    promise_id = UUID(bytes=fact.promise_id) if fact.promise_id else None
    terms = LinkTerms(
        case_id=UUID(bytes=fact.case_id),
        token_hash=fact.link_token_hash,
        rule=AmountRule(AmountRuleKind.PROMISE if promise_id else AmountRuleKind.PAST_DUE, promise_id=promise_id),
        person_id=UUID(bytes=fact.person_id),
        interaction_id=UUID(bytes=fact.interaction_id),
    )
    yield from links.issue_link_for_message(terms)


def note_hold(heard: Heard[cases.HoldPlaced]) -> Changes:
    fact = heard.fact
    is_stopping = bool(STOPPING & set(fact.scopes)) or fact.kind == holds.HOLD_KIND_DISPUTE
    from_, through = words.day(getattr(fact, "from"), "from"), words.day_or_none(fact, "through")
    yield links.note_hold(heard.stream_id, UUID(bytes=fact.hold_id), is_stopping, from_, through, heard.origin)


def note_hold_extended(heard: Heard[cases.HoldExtended]) -> Changes:
    through = words.day_or_none(heard.fact, "through")
    yield links.note_hold_end(heard.stream_id, UUID(bytes=heard.fact.hold_id), through, heard.origin)


def note_hold_lifted(heard: Heard[cases.HoldLifted]) -> Changes:
    """Its last day is the one before."""
    through = words.day(heard.fact.effective_on, "effective_on") - timedelta(days=1)
    yield links.note_hold_end(heard.stream_id, UUID(bytes=heard.fact.hold_id), through, heard.origin)


def note_hold_expired(heard: Heard[cases.HoldExpired]) -> Changes:
    through = words.day(heard.fact.through, "through")
    yield links.note_hold_end(heard.stream_id, UUID(bytes=heard.fact.hold_id), through, heard.origin)


# By source; each source is followed on its own.
REACTIONS: dict[str, Reactions] = {
    "cases": {
        # Case books
        cases.CaseRegistered: open_book,
        cases.CaseOpened: note_opened,
        cases.CaseClosed: note_closed,
        cases.CaseReopened: note_reopened,
        cases.CaseRejected: note_rejected,
        cases.DebtAttached: note_debt,
        cases.DebtBalanceAdjusted: note_change,
        cases.DebtDetached: note_debt_gone,
        cases.InstalmentsScheduled: note_instalments,
        cases.PaymentApplied: note_credit,
        # Promises
        promises.PromiseMade: note_promise,
        promises.PromiseResumed: move_promise,
        promises.PromiseKept: note_promise_over,
        promises.PromiseCancelled: note_promise_over,
        promises.PromiseSuperseded: note_promise_over,
        promises.PromiseKeptRevoked: note_promise_again,
        # Payment links
        cases.ClientRegistered: note_creditor,
        cases.HoldPlaced: note_hold,
        cases.HoldExtended: note_hold_extended,
        cases.HoldLifted: note_hold_lifted,
        cases.HoldExpired: note_hold_expired,
    },
    "contacts": {
        # Payment links
        AttemptStarted: issue_link,
    },
}
