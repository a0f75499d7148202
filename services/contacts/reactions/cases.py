"""Told by cases: what a case file takes in, and holds that are heeded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1.holds_pb2 import HOLD_SCOPE_CONTACT, HoldKind
from acuerdo.cases.v1.types_pb2 import CloseOutcome, PartyRole, PortfolioTerms

from services.chassis.heard import Heard, Look, Looking, Reactions
from services.chassis.rpc import words
from services.contacts.application import files
from services.contacts.application.people import living
from services.contacts.domain import casefile
from services.contacts.domain.casefile import CaseFile, HoldKnown, TermsNoted
from services.contacts.domain.person import PersonIsUnknown
from services.kernel.facts import Change

Changes = Iterable[Change[Any]]


def note_case(heard: Heard[cases.CaseRegistered]) -> Changes:
    fact = heard.fact
    client_id, portfolio_id = UUID(bytes=fact.client_id), UUID(bytes=fact.portfolio_id)
    terms = _terms(fact.terms, date.min)
    yield files.note_case(heard.origin, client_id, portfolio_id, fact.external_ref, terms, fact.terms.currency_code)


def note_terms(heard: Heard[cases.CaseTermsChanged]) -> Changes:
    yield files.note_terms(heard.origin, _terms(heard.fact.terms, words.day(heard.fact.effective_from, "effective_from")))


def note_party(heard: Heard[cases.PartyAdded]) -> Changes:
    yield files.note_party(heard.origin, UUID(bytes=heard.fact.person_id), _role(heard.fact.role))


def note_role(heard: Heard[cases.PartyRoleChanged]) -> Changes:
    yield files.note_party(heard.origin, UUID(bytes=heard.fact.person_id), _role(heard.fact.to))


def note_party_gone(heard: Heard[cases.PartyRemoved]) -> Changes:
    yield files.note_party_gone(heard.origin, UUID(bytes=heard.fact.person_id))


def note_debt(heard: Heard[cases.DebtAttached]) -> Changes:
    yield files.note_debt(heard.origin, UUID(bytes=heard.fact.debt_id), heard.fact.external_ref, heard.fact.product)


def note_debt_gone(heard: Heard[cases.DebtDetached]) -> Changes:
    yield files.note_debt_gone(heard.origin, UUID(bytes=heard.fact.debt_id))


def note_closed(heard: Heard[cases.CaseClosed]) -> Changes:
    yield files.note_closed(heard.origin, CloseOutcome.Name(heard.fact.outcome).removeprefix("CLOSE_OUTCOME_"))


def note_rejected(heard: Heard[cases.CaseRejected]) -> Changes:
    yield files.note_closed(heard.origin, "REJECTED")


def note_reopened(heard: Heard[cases.CaseReopened]) -> Changes:
    yield files.note_reopened(heard.origin)


# Holds ----------------------------------------------------------------------------------------------------------------


async def heed_hold(heard: Heard[cases.HoldPlaced], look: Look) -> Changes:
    fact = heard.fact
    hold = HoldKnown(
        hold_id=UUID(bytes=fact.hold_id),
        kind=HoldKind.Name(fact.kind).removeprefix("HOLD_KIND_"),
        # `from` is a word of Python's.
        from_=words.day(getattr(fact, "from"), "from"),
        through=words.day_or_none(fact, "through"),
        debt_id=UUID(bytes=fact.debt_id) if fact.debt_id else None,
        is_of_a_part=fact.HasField("amount"),
        stops_contact=HOLD_SCOPE_CONTACT in fact.scopes,
    )
    return files.heed_hold(heard.origin, hold, heard.recorded_at, await _persons(heard, look))


async def heed_extension(heard: Heard[cases.HoldExtended], look: Look) -> Changes:
    through = words.day_or_none(heard.fact, "through")
    hold_id = UUID(bytes=heard.fact.hold_id)
    return files.heed_extension(heard.origin, hold_id, through, heard.recorded_at, await _persons(heard, look))


def note_hold_lifted(heard: Heard[cases.HoldLifted]) -> Changes:
    yield files.note_hold_end(heard.origin, UUID(bytes=heard.fact.hold_id), words.day(heard.fact.effective_on, "effective_on"))


async def _persons(heard: Heard[Any], look: Look) -> list[UUID]:
    """Whom the case concerns by now. Somebody who was never registered here cannot be contacted from here."""
    file = await look(CaseFile, casefile.stream_of(heard.stream_id))
    found: list[UUID] = []
    for person_id in file.parties:
        try:
            found.append((await living(look, person_id)).id)
        except PersonIsUnknown:
            continue
    return list(dict.fromkeys(found))


def _terms(wire: PortfolioTerms, effective_from: date) -> TermsNoted:
    return TermsNoted(effective_from, wire.jurisdiction, wire.zone, wire.calendar)


def _role(wire: Any) -> str:
    return PartyRole.Name(wire).removeprefix("PARTY_ROLE_")


FILES: Reactions = {
    cases.CaseRegistered: note_case,
    cases.CaseTermsChanged: note_terms,
    cases.PartyAdded: note_party,
    cases.PartyRoleChanged: note_role,
    cases.PartyRemoved: note_party_gone,
    cases.DebtAttached: note_debt,
    cases.DebtDetached: note_debt_gone,
    cases.HoldPlaced: Looking(heed_hold),
    cases.HoldExtended: Looking(heed_extension),
    cases.HoldLifted: note_hold_lifted,
    cases.CaseClosed: note_closed,
    cases.CaseRejected: note_rejected,
    cases.CaseReopened: note_reopened,
}
"""HoldExpired is passed over: the hold's last day says it already."""
