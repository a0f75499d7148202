"""Noting: what a case file takes in of what cases tells. Each fact once, whatever is heard again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from services.contacts.domain.casefile import (
    CaseClosedNoted,
    CaseFile,
    CaseNoted,
    CaseReopenedNoted,
    CaseTermsNoted,
    ContactMade,
    DebtGoneNoted,
    DebtNoted,
    HoldEndNoted,
    HoldHeeded,
    HoldKnown,
    HoldNoted,
    PartyGoneNoted,
    PartyNoted,
    TermsNoted,
)
from services.kernel.facts import Causation


def note_case(
    file: CaseFile,
    origin: Causation,
    client_id: UUID,
    portfolio_id: UUID,
    external_ref: str,
    terms: TermsNoted,
    currency_code: str,
) -> None:
    if file.exists:
        return
    file.tell(
        CaseNoted(
            **file.next(),
            case_id=origin.stream_id,
            client_id=client_id,
            portfolio_id=portfolio_id,
            external_ref=external_ref,
            jurisdiction=terms.jurisdiction,
            zone=terms.zone,
            calendar=terms.calendar,
            currency_code=currency_code,
            origin=origin,
        )
    )


def note_terms(file: CaseFile, origin: Causation, terms: TermsNoted) -> None:
    if replace(file.terms[-1], effective_from=terms.effective_from) != terms or terms.effective_from < file.terms[-1].effective_from:
        file.tell(
            CaseTermsNoted(
                **file.next(),
                jurisdiction=terms.jurisdiction,
                zone=terms.zone,
                calendar=terms.calendar,
                effective_from=terms.effective_from,
                origin=origin,
            )
        )


def note_party(file: CaseFile, origin: Causation, person_id: UUID, role: str) -> None:
    if file.parties.get(person_id) != role:
        file.tell(PartyNoted(**file.next(), case_id=file.case_id, person_id=person_id, role=role, origin=origin))


def note_party_gone(file: CaseFile, origin: Causation, person_id: UUID) -> None:
    if person_id in file.parties:
        file.tell(PartyGoneNoted(**file.next(), case_id=file.case_id, person_id=person_id, origin=origin))


def note_debt(file: CaseFile, origin: Causation, debt_id: UUID, external_ref: str, product: str) -> None:
    if debt_id not in file.debts:
        file.tell(DebtNoted(**file.next(), debt_id=debt_id, external_ref=external_ref, product=product, origin=origin))


def note_debt_gone(file: CaseFile, origin: Causation, debt_id: UUID) -> None:
    if debt_id in file.debts:
        file.tell(DebtGoneNoted(**file.next(), debt_id=debt_id, origin=origin))


def note_hold(file: CaseFile, origin: Causation, hold: HoldKnown) -> None:
    if hold.hold_id not in file.holds:
        _tell_hold(file, origin, hold)


def note_hold_extended(file: CaseFile, origin: Causation, hold_id: UUID, through: date | None) -> None:
    hold = file.holds.get(hold_id)
    if hold is not None and (hold.through != through or hold.ended_on is not None):
        _tell_hold(file, origin, replace(hold, through=through, ended_on=None))


def note_hold_end(file: CaseFile, origin: Causation, hold_id: UUID, on: date) -> None:
    hold = file.holds.get(hold_id)
    if hold is not None and hold.ended_on != on:
        file.tell(HoldEndNoted(**file.next(), hold_id=hold_id, on=on, origin=origin))


def note_closed(file: CaseFile, origin: Causation, outcome: str) -> None:
    if not file.is_closed:
        file.tell(CaseClosedNoted(**file.next(), outcome=outcome, origin=origin))


def note_reopened(file: CaseFile, origin: Causation) -> None:
    if file.is_closed:
        file.tell(CaseReopenedNoted(**file.next(), origin=origin))


def heed(
    file: CaseFile, origin: Causation, hold_id: UUID, permits_revoked: tuple[UUID, ...], contacts_between: tuple[ContactMade, ...]
) -> None:
    """The hold is obeyed here from now on. Told in the unit in which the permits were revoked."""
    if hold_id in file.holds and hold_id not in file.heeded:
        file.tell(
            HoldHeeded(
                **file.next(),
                case_id=file.case_id,
                hold_id=hold_id,
                origin=origin,
                heeded_at=file.now,
                permits_revoked=permits_revoked,
                contacts_between=contacts_between,
            )
        )


def _tell_hold(file: CaseFile, origin: Causation, hold: HoldKnown) -> None:
    file.tell(
        HoldNoted(
            **file.next(),
            hold_id=hold.hold_id,
            kind=hold.kind,
            from_=hold.from_,
            through=hold.through,
            debt_id=hold.debt_id,
            is_of_a_part=hold.is_of_a_part,
            origin=origin,
            stops_contact=hold.stops_contact,
        )
    )
