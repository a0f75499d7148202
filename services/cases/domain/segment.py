"""Segment: what the strategy service made of the case, recorded so that the case's history is complete by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.kernel.facts import Causation, Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class SegmentRecorded(Fact):
    origin: Causation
    from_: str
    to: str
    table_version: str
    reason: str

    def apply(self, case: Case) -> None:
        case.segment.name = self.to
        case.segment.origin = self.origin


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Segment:
    """Empty until strategy has spoken."""

    name: str = ""
    origin: Causation | None = None

    def knows(self, origin: Causation) -> bool:
        """That fact, or a later one of the same stream, is recorded already."""
        known = self.origin
        return known is not None and known.stream_id == origin.stream_id and origin.version <= known.version


# What may be decided ---------------------------------------------------------


def record_segment(case: Case, origin: Causation, to: str, table_version: str, reason: str) -> None:
    """Told by strategy. What comes late, after a newer word, is not recorded over it."""
    case.must_exist()
    if case.segment.knows(origin):
        return
    case.tell(SegmentRecorded(**case.next(), origin=origin, from_=case.segment.name, to=to, table_version=table_version, reason=reason))
