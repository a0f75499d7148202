"""Access: who read a person's data, and what for. A stream of its own beside each person, so that reading does not move the person."""

from __future__ import annotations

from uuid import UUID

from services.contacts.domain.person import Person
from services.kernel import ids
from services.kernel.facts import Fact, Stream

# What happened ---------------------------------------------------------------


class PersonFileAccessed(Fact):
    person_id: UUID
    reader: str
    purpose: str
    fields: tuple[str, ...]

    def apply(self, access: PersonAccess) -> None:
        access.person_id = self.person_id
        access.readings += 1


# Where it stands -------------------------------------------------------------


class PersonAccess(Stream):
    def __init__(self) -> None:
        self.person_id = UUID(int=0)
        self.readings = 0


def stream_of(person_id: UUID) -> UUID:
    """The access stream of a person."""
    return ids.derived("person-access", person_id)


# What may be decided ---------------------------------------------------------


def record_access(access: PersonAccess, person: Person, reader: str, purpose: str, fields: tuple[str, ...]) -> None:
    """Before the answer goes out. Whether a reading is told once is a matter of its request id: each reading is one."""
    person.must_exist()
    access.tell(PersonFileAccessed(**access.next(), person_id=person.id, reader=reader, purpose=purpose, fields=fields))
