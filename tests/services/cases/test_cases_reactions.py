"""What strategy tells is recorded on the case, with its origin."""

from datetime import UTC, datetime
from uuid import UUID

from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.strategy.v1.events_pb2 import SegmentAssigned

from services.cases.domain.case import Case
from services.cases.reactions import REACTIONS
from services.chassis.heard import Heard
from services.kernel.facts import Causation
from tests.services.cases.examples import THE_CASE, an_open_case, names

A_TREATMENT = UUID(int=50)


def heard(version: int, to: str) -> Heard[SegmentAssigned]:
    fact = SegmentAssigned(case_id=THE_CASE.bytes, to=to, table_version=3, reason="row 7: late and large")
    meta = EventMeta(tenant_id="demo", stream_id=A_TREATMENT.bytes, version=version)
    return Heard(fact, meta, position=version, recorded_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_segment_is_recorded_once_and_never_under_a_newer_one() -> None:
    case = an_open_case()
    for version, to in ((2, "late-large"), (2, "late-large"), (1, "early")):
        (change,) = REACTIONS["strategy"][SegmentAssigned](heard(version, to))
        assert (change.stream, change.id) == (Case, THE_CASE)
        change.decide(case)
    assert names(case) == ["SegmentRecorded"]
    assert (case.segment.name, case.segment.origin) == ("late-large", Causation(A_TREATMENT, 2))
