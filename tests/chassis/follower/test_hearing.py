"""The rule of the listener: whatever Kafka does to the records, each fact is applied once and in order."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.follower.hearing import Verdict, hear, judge


@dataclass(frozen=True)
class Sent:
    position: int
    previous: int


def a_partition(positions: list[int]) -> list[Sent]:
    return [Sent(position, previous) for previous, position in zip([0, *positions], positions, strict=False)]


partitions = st.sets(st.integers(1, 60), min_size=1, max_size=20).map(sorted).map(a_partition)


@st.composite
def told_badly(draw: st.DrawFn) -> tuple[list[Sent], list[Sent]]:
    """A partition, and what arrives of it: anything lost, repeated or out of order."""
    truth = draw(partitions)
    return truth, draw(st.lists(st.sampled_from(truth), max_size=60))


def listen(truth: list[Sent], arriving: list[Sent]) -> list[Sent]:
    """A listener: apply, and fill gaps from the source."""
    heard, applied = 0, []
    rest = arriving
    while rest:
        hearing = hear(heard, rest)
        applied += hearing.facts
        heard = applied[-1].position if applied else 0
        rest = list(hearing.rest)
        if rest:
            missing = [sent for sent in truth if heard < sent.position <= rest[0].previous]
            applied += missing
            heard = missing[-1].position
    return applied


@given(told_badly())
def test_each_fact_is_applied_once_and_in_order_whatever_arrives(told: tuple[list[Sent], list[Sent]]) -> None:
    truth, arriving = told

    applied = listen(truth, arriving)

    assert applied == truth[: len(applied)]
    if arriving:
        assert applied[-1].position == max(sent.position for sent in arriving)


@given(partitions, st.integers(1, 3))
def test_the_whole_topic_delivered_again_changes_nothing(truth: list[Sent], times: int) -> None:
    hearing = hear(0, truth * times)

    assert hearing.facts == truth
    assert hearing.dropped == len(truth) * (times - 1)


def test_a_lower_number_that_comes_after_a_higher_one_is_heard_already() -> None:
    assert judge(heard=9, previous=3, position=5) is Verdict.DROP


def test_a_record_whose_forerunner_was_not_heard_is_a_gap() -> None:
    assert judge(heard=3, previous=5, position=9) is Verdict.GAP


def test_the_forerunner_may_have_been_heard_long_ago() -> None:
    assert judge(heard=7, previous=5, position=9) is Verdict.APPLY
