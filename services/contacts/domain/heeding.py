"""Heeding: what a hold stops of a person. Regions that could still lead to a contact say here how they are stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contacts.domain import permit_uses
from services.contacts.domain.casefile import ContactMade
from services.contacts.domain.person import Person


@dataclass(frozen=True, slots=True)
class Stopping:
    """How one region of a person obeys a hold."""

    revoke: Callable[[Person, UUID, UUID], None]
    """(person, case_id, hold_id): tell that what was permitted about the case is so no longer."""
    revoked_by: Callable[[Person, UUID], tuple[UUID, ...]]
    """(person, hold_id): the permits that it revoked."""
    made_between: Callable[[Person, UUID, datetime, datetime], tuple[ContactMade, ...]]
    """(person, case_id, since, until): contacts that were made."""


def revoke(person: Person, case_id: UUID, hold_id: UUID) -> None:
    """Whoever was merged meanwhile has no permits left: they ended with the merge."""
    if person.exists and person.merging.into is None:
        for region in STOPS:
            region.revoke(person, case_id, hold_id)


def revoked_by(persons: Sequence[Person], hold_id: UUID) -> tuple[UUID, ...]:
    return tuple(permit for person in persons for region in STOPS for permit in region.revoked_by(person, hold_id))


def made_between(persons: Sequence[Person], case_id: UUID, since: datetime, until: datetime) -> tuple[ContactMade, ...]:
    """In the order in which they were made."""
    made = [contact for person in persons for region in STOPS for contact in region.made_between(person, case_id, since, until)]
    return tuple(sorted(made, key=lambda contact: (contact.at, str(contact.interaction_id))))


STOPS: Sequence[Stopping] = (Stopping(permit_uses.revoke_for_hold, permit_uses.revoked_by, permit_uses.contacts_since),)
"""One line each."""
