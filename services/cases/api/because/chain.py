"""The chain of a case's facts as an explanation takes grounds from it: each fact with when it was recorded and its own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import explain_pb2 as pb

from services.cases.api.story import fact_of
from services.cases.api.why import why
from services.cases.domain.case import Case, CaseTermsChanged
from services.cases.domain.registration import CaseRegistered
from services.chassis.log.units import Record
from services.chassis.mapper import Mapper
from services.chassis.rpc import words
from services.kernel.facts import Fact
from services.kernel.money import Money

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Link:
    """One fact as it is stored."""

    record: Record
    event: told.CaseEvent
    fact: Fact

    def ground(self, says: str = "", amount: Money | None = None, days: int = 0) -> pb.Ground:
        """`says`: what it means for the answer; else what the fact says of itself."""
        return pb.Ground(
            version=self.record.version,
            occurred_at=self.event.meta.occurred_at,
            recorded_at=words.timestamp(self.record.recorded_at),
            type=type(self.fact).__name__,
            says=says or why(fact_of(self.event)),
            amount=None if amount is None else words.wire_money(amount),
            days=days,
        )


class Chain:
    """The facts of a case in order, and the case that they make."""

    def __init__(self, case_id: UUID, records: Sequence[Record], mapper: Mapper) -> None:
        events = [(record, told.CaseEvent.FromString(record.event)) for record in records]
        self.links = [Link(record, event, mapper.fact_of(event, str(event.WhichOneof("event")))) for record, event in events]
        self.case = Case.blank(case_id)
        for link in self.links:
            link.fact.mutate(self.case)

    def of(self, kind: type[F]) -> Iterator[tuple[Link, F]]:
        for link in self.links:
            if isinstance(link.fact, kind):
                yield link, link.fact

    def terms_on(self, day: date) -> Link:
        """The fact that brought the terms in force on that day: a case registers with the first, and takes on each change."""
        brought = [link for link in self.links if isinstance(link.fact, CaseRegistered | CaseTermsChanged)]
        return brought[max(place for place, since in enumerate(self.case.terms.first_days()) if since <= day)]
