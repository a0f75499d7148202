"""The rule of the listener: nothing twice, gaps are seen, foreign records pass by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from clients.cli.listening import Heard, Rule


def a_record(position: int, previous: int, partition: int = 0, epoch: int = 1) -> Heard:
    headers = {"acuerdo-epoch": str(epoch), "acuerdo-position": str(position), "acuerdo-previous": str(previous)}
    return Heard(partition, 0, "", b"", headers)


def heard(rule: Rule, *records: Heard) -> list[tuple[int, tuple[int, int] | None]]:
    found = [rule.look(record) for record in records]
    return [(int(record.headers["acuerdo-position"]), record.missing) for record in found if record is not None]


def test_what_was_heard_is_not_heard_again() -> None:
    records = [a_record(3, 0), a_record(5, 3), a_record(3, 0), a_record(5, 3), a_record(9, 5)]
    assert heard(Rule(), *records) == [(3, None), (5, None), (9, None)]


def test_a_gap_is_seen_with_its_bounds() -> None:
    assert heard(Rule(), a_record(3, 0), a_record(9, 7)) == [(3, None), (9, (3, 7))]


def test_whoever_begins_in_the_middle_misses_nothing_before() -> None:
    assert heard(Rule(), a_record(900, 870)) == [(900, None)]


def test_whoever_begins_at_the_start_sees_that_the_start_is_lost() -> None:
    assert heard(Rule(has_seen_the_start=True), a_record(900, 870)) == [(900, (0, 870))]


def test_partitions_and_epochs_are_heard_apart() -> None:
    records = [a_record(10, 0), a_record(4, 0, partition=1), a_record(6, 4, partition=1), a_record(2, 0, epoch=2)]
    assert [position for position, _ in heard(Rule(), *records)] == [10, 4, 6, 2]


def test_a_record_that_is_not_ours_passes_without_headers() -> None:
    foreign = Heard(0, 7, "", b"hello", {"content-type": "text/plain"})
    found = Rule().look(foreign)
    assert found is not None
    assert not found.headers


@given(some.lists(some.integers(0, 9), max_size=60))
def test_any_redelivery_is_heard_once_each_in_order(repeats: list[int]) -> None:
    """A relay that starts again sends a tail of what it sent before."""
    whole = [a_record(position, position - 1) for position in range(1, 11)]
    sent = list(whole)
    for back in repeats:
        sent += whole[back:]
    assert heard(Rule(has_seen_the_start=True), *sent) == [(position, None) for position in range(1, 11)]
