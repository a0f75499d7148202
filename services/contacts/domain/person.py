"""The Person: composes its regions, and holds what concerns several of them. One human being, whatever cases and clients it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from services.contacts.domain import permits
from services.contacts.domain.agreement import Agreement
from services.contacts.domain.circumstances import Circumstances
from services.contacts.domain.identity import Identity
from services.contacts.domain.merging import Merging, PersonIsMerged
from services.contacts.domain.permit_book import Permits
from services.contacts.domain.points import Points
from services.kernel.facts import Due, Stream
from services.kernel.refusal import IsUnknown

# Where it stands -------------------------------------------------------------


class Person(Stream):
    begins_with = ("PersonRegistered",)

    def __init__(self) -> None:
        self.identity = Identity()
        self.points = Points()
        self.agreement = Agreement()
        self.circumstances = Circumstances()
        self.merging = Merging()
        self.permits = Permits()

    def due(self) -> Iterable[Due]:
        for region in DUE:
            yield from region(self)

    def must_exist(self) -> None:
        if not self.exists:
            raise PersonIsUnknown

    def must_be_live(self) -> None:
        """There is such a person, and it is not known to be another one."""
        self.must_exist()
        if self.merging.into is not None:
            raise PersonIsMerged(into=self.merging.into)


# What may be decided ---------------------------------------------------------


class PersonIsUnknown(IsUnknown):
    """There is no such person, or none that the caller may see."""


DUE: Sequence[Callable[[Person], Iterable[Due]]] = (permits.due,)
"""What the regions want to be woken for: one line each."""
