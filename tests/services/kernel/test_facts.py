"""A stream tells facts in order; a told fact has been applied; ids derived twice are the same."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from eventsourcing.domain import OriginatorVersionError

from services.kernel.facts import Fact, Stream, told
from services.kernel.ids import derived, uuid7
from services.kernel.refusal import Refusal


class Counted(Fact):
    by: int

    def apply(self, stream: "Counter") -> None:
        stream.count += self.by


class Counter(Stream):
    def __init__(self) -> None:
        self.count = 0


AN_ID = UUID(int=7)


def a_counter() -> Counter:
    counter = Counter.blank(AN_ID)
    counter.now = counter.happened_at = datetime(2026, 11, 24, tzinfo=UTC)
    return counter


def test_a_blank_stream_does_not_exist() -> None:
    assert not a_counter().exists


def test_what_is_told_is_applied_and_kept_in_order() -> None:
    counter = a_counter()
    counter.tell(Counted(**counter.next(), by=2))
    counter.tell(Counted(**counter.next(), by=3))
    assert (counter.count, counter.version) == (5, 2)
    assert [(fact.originator_version, fact.by) for fact in told(counter)] == [(1, 2), (2, 3)]


def test_a_fact_of_another_version_is_not_taken() -> None:
    counter = a_counter()
    first = Counted(**counter.next(), by=1)
    counter.tell(first)
    with pytest.raises(OriginatorVersionError):
        first.mutate(counter)


def test_a_refusal_is_named_after_its_rule() -> None:
    class CaseIsClosed(Refusal):
        """The case is closed."""

    assert CaseIsClosed.reason == "CASE_IS_CLOSED"
    assert CaseIsClosed(outcome="SOLD").facts == {"outcome": "SOLD"}
    assert CaseIsClosed().sentence == "The case is closed."


def test_parts_of_a_derived_id_do_not_run_into_each_other() -> None:
    assert derived("a", "bc") == derived("a", "bc")
    assert derived("a", "bc") != derived("ab", "c")
    assert derived("a\x1f1:b") != derived("a", "b")


def test_ids_of_streams_sort_by_time() -> None:
    early = uuid7(datetime(2026, 1, 1, tzinfo=UTC), random_bits=(1 << 74) - 1)
    late = uuid7(datetime(2026, 1, 2, tzinfo=UTC), random_bits=0)
    assert early < late
    assert (early.version, late.version) == (7, 7)
    assert early.variant == "specified in RFC 4122"
