"""Told by the clock: what falls due in contacts, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.contacts.application import permits
from services.contacts.domain.permits import EXPIRY
from services.contacts.domain.person import Person
from services.kernel.facts import Change


def expire_permit(person: Person, fired: TimerFired) -> Iterable[Change[Person]]:
    """Nobody has used it in time: it counts no longer."""
    yield permits.expire_permit(person.id, UUID(fired.key.rpartition("/")[2]))


TIMERS: Mapping[str, Timer] = {
    EXPIRY: Timer(Person, expire_permit),
}
