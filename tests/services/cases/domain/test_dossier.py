"""What is learned of a debtor is superseded or retracted, never overwritten; who reads it is recorded; strategy's word is kept."""

from uuid import UUID

from services.cases.domain import access, closing, dossier, segment
from services.cases.domain.access import AccessLog, record_access, stream_of
from services.cases.domain.case import Case, CaseIsUnknown
from services.cases.domain.dossier import Confidence, FactDoesNotStand, FactIsOfAnotherKey, FactIsUnknown
from services.cases.domain.lifecycle import CloseOutcome
from services.kernel.facts import Causation
from tests.services.cases.examples import NOON, THE_CASE, an_open_case, at, names, refused, sealed, stored

FIRST, SECOND, THIRD = UUID(int=91), UUID(int=92), UUID(int=93)
A_TREATMENT = UUID(int=50)


def record(case: Case, fact_id: UUID, key: str = "employment", supersedes: UUID | None = None) -> None:
    dossier.record_fact(case, fact_id, key, sealed("unemployed"), "debtor", Confidence.STATED, supersedes)


def test_a_fact_is_superseded_not_overwritten() -> None:
    case = an_open_case()
    record(case, FIRST)
    record(case, SECOND, supersedes=FIRST)
    record(case, SECOND, supersedes=FIRST)
    assert names(case) == ["FactRecorded", "FactRecorded", "FactSuperseded"]
    assert case.dossier.facts[FIRST].superseded_by == SECOND
    assert [fact.id for fact in case.dossier.facts.values() if fact.stands] == [SECOND]


def test_only_a_fact_that_stands_and_speaks_of_the_same_is_superseded() -> None:
    case = an_open_case()
    record(case, FIRST)
    record(case, SECOND, supersedes=FIRST)
    with refused(FactDoesNotStand):
        record(case, THIRD, supersedes=FIRST)
    with refused(FactIsOfAnotherKey, key="employment"):
        record(case, THIRD, key="income", supersedes=SECOND)
    with refused(FactIsUnknown):
        record(case, THIRD, supersedes=UUID(int=99))


def test_a_fact_is_retracted_once() -> None:
    case = an_open_case()
    record(case, FIRST)
    dossier.retract_fact(case, FIRST, "WRONG_PERSON")
    dossier.retract_fact(case, FIRST, "WRONG_PERSON")
    assert names(case) == ["FactRecorded", "FactRetracted"]
    with refused(FactIsUnknown):
        dossier.retract_fact(case, SECOND, "WRONG_PERSON")
    record(case, SECOND)
    record(case, THIRD, supersedes=SECOND)
    with refused(FactDoesNotStand):
        dossier.retract_fact(case, SECOND, "WRONG_PERSON")


def test_facts_are_recorded_on_a_closed_case_too() -> None:
    case = an_open_case()
    closing.close(case, CloseOutcome.UNTRACEABLE, ["report-1"])
    stored(case)
    record(case, FIRST)
    assert names(case) == ["FactRecorded"]


def test_a_reading_is_told_on_a_stream_beside_the_case() -> None:
    case = an_open_case()
    log = at(AccessLog.blank(stream_of(case.id)), NOON)
    record_access(log, case, "agent-7", "CALL_PREPARATION", ("facts.employment",))
    record_access(log, case, "agent-7", "CALL_PREPARATION", ("facts.employment",))
    assert (names(log), names(case), log.readings) == (["CaseFileAccessed"] * 2, [], 2)
    assert access.stream_of(case.id) != case.id
    with refused(CaseIsUnknown):
        record_access(log, Case.blank(THE_CASE), "agent-7", "CALL_PREPARATION", ())


def test_a_segment_is_recorded_with_its_origin_and_never_under_a_newer_one() -> None:
    case = an_open_case()
    for version, name in ((3, "early"), (5, "late"), (4, "middle"), (5, "late")):
        segment.record_segment(case, Causation(A_TREATMENT, version), name, "1", "row 1")
    assert names(case) == ["SegmentRecorded", "SegmentRecorded"]
    assert (case.segment.name, case.segment.origin) == ("late", Causation(A_TREATMENT, 5))
    with refused(CaseIsUnknown):
        segment.record_segment(at(Case.blank(THE_CASE), NOON), Causation(A_TREATMENT, 1), "early", "1", "row 1")
