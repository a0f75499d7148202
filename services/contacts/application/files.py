"""The verbs of case files: what is heard of a case, and a hold that is obeyed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from services.contacts.domain import casefile, heeding, noting
from services.contacts.domain.casefile import CaseFile, HoldKnown, TermsNoted
from services.contacts.domain.person import Person
from services.kernel.facts import Causation, Change


def note_case(
    origin: Causation, client_id: UUID, portfolio_id: UUID, external_ref: str, terms: TermsNoted, currency_code: str
) -> Change[CaseFile]:
    decide = partial(
        noting.note_case,
        origin=origin,
        client_id=client_id,
        portfolio_id=portfolio_id,
        external_ref=external_ref,
        terms=terms,
        currency_code=currency_code,
    )
    return Change(CaseFile, casefile.stream_of(origin.stream_id), decide)


def note_terms(origin: Causation, terms: TermsNoted) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_terms, origin=origin, terms=terms))


def note_party(origin: Causation, person_id: UUID, role: str) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_party, origin=origin, person_id=person_id, role=role))


def note_party_gone(origin: Causation, person_id: UUID) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_party_gone, origin=origin, person_id=person_id))


def note_debt(origin: Causation, debt_id: UUID, external_ref: str, product: str) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_debt, origin=origin, debt_id=debt_id, external_ref=external_ref, product=product))


def note_debt_gone(origin: Causation, debt_id: UUID) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_debt_gone, origin=origin, debt_id=debt_id))


def note_hold_end(origin: Causation, hold_id: UUID, on: date) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_hold_end, origin=origin, hold_id=hold_id, on=on))


def note_closed(origin: Causation, outcome: str) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_closed, origin=origin, outcome=outcome))


def note_reopened(origin: Causation) -> Change[CaseFile]:
    return _noted(origin, partial(noting.note_reopened, origin=origin))


def heed_hold(
    origin: Causation, hold: HoldKnown, recorded_at: datetime, person_ids: Sequence[UUID]
) -> Sequence[Change[CaseFile] | Change[Person]]:
    """One unit: the hold is noted, what was permitted to the case's persons is revoked, and that it is heeded is told."""
    return (
        _noted(origin, partial(noting.note_hold, origin=origin, hold=hold)),
        *_revoked(origin, hold.hold_id, person_ids),
        _told_as_heeded(origin, hold.hold_id, recorded_at, person_ids),
    )


def heed_extension(
    origin: Causation, hold_id: UUID, through: date | None, recorded_at: datetime, person_ids: Sequence[UUID]
) -> Sequence[Change[CaseFile] | Change[Person]]:
    """A hold that was over may hold again."""
    return (
        _noted(origin, partial(noting.note_hold_extended, origin=origin, hold_id=hold_id, through=through)),
        *_revoked(origin, hold_id, person_ids),
        _told_as_heeded(origin, hold_id, recorded_at, person_ids),
    )


def _revoked(origin: Causation, hold_id: UUID, person_ids: Sequence[UUID]) -> Sequence[Change[Person]]:
    def decide(person: Person, file: CaseFile) -> None:
        if hold_id in file.stopped_at(person.now):
            heeding.revoke(person, origin.stream_id, hold_id)

    file_id = casefile.stream_of(origin.stream_id)
    return [Change(Person, person_id, decide, given=((CaseFile, file_id),)) for person_id in person_ids]


def _told_as_heeded(origin: Causation, hold_id: UUID, recorded_at: datetime, person_ids: Sequence[UUID]) -> Change[CaseFile]:
    def decide(file: CaseFile, *persons: Person) -> None:
        between = heeding.made_between(persons, origin.stream_id, recorded_at, file.now) if hold_id in file.stopped_at(file.now) else ()
        noting.heed(file, origin, hold_id, heeding.revoked_by(persons, hold_id), between)

    given = tuple((Person, person_id) for person_id in person_ids)
    return Change(CaseFile, casefile.stream_of(origin.stream_id), decide, given=given)


def _noted(origin: Causation, note: Callable[[CaseFile], None]) -> Change[CaseFile]:
    def decide(file: CaseFile) -> None:
        file.must_be_known()
        note(file)

    return Change(CaseFile, casefile.stream_of(origin.stream_id), decide)
