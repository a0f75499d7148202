"""A bucket set puts every whole number into exactly one bucket, or is refused by the field that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit, check
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import CYCLES, DAYS, refused


@st.composite
def bucket_sets(draw: st.DrawFn) -> BucketSet:
    ends = sorted(draw(st.sets(st.integers(-1_000, 1_000), max_size=8)))
    froms = [None, *(end + 1 for end in ends)]
    buckets = tuple(Bucket(f"b{n}", from_, to) for n, (from_, to) in enumerate(zip(froms, [*ends, None], strict=True)))
    return BucketSet("v", draw(st.sampled_from(BucketUnit)), buckets)


@given(bucket_sets(), st.integers(-2_000, 2_000))
def test_every_value_lies_in_exactly_one_bucket(bucket_set: BucketSet, value: int) -> None:
    check(bucket_set)
    assert [bucket for bucket in bucket_set.buckets if bucket.holds(value)] == [bucket_set.bucket_of(value)]


@given(bucket_sets().filter(lambda s: len(s.buckets) > 2), st.data())
def test_a_gap_or_an_overlap_is_refused(bucket_set: BucketSet, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(bucket_set.buckets) - 1))
    moved = data.draw(st.sampled_from([-1, 1]))
    spoiled = bucket_set.buckets[place]
    assert spoiled.from_ is not None
    buckets = list(bucket_set.buckets)
    buckets[place] = Bucket(spoiled.name, spoiled.from_ + moved, spoiled.to)
    with pytest.raises(IsInvalid) as raised:
        check(BucketSet("v", bucket_set.unit, tuple(buckets)), "terms.bucket_set")
    assert raised.value.field == f"terms.bucket_set.buckets[{place}].from"


@pytest.mark.parametrize(
    ("buckets", "field"),
    [
        ((), "bucket_set.buckets"),
        ((Bucket("all", 0, None),), "bucket_set.buckets[0].from"),
        ((Bucket("all", None, 5),), "bucket_set.buckets[0].to"),
        ((Bucket("a", None, None), Bucket("b", 1, None)), "bucket_set.buckets[0].to"),
        ((Bucket("a", None, 0), Bucket("a", 1, None)), "bucket_set.buckets[1].name"),
        ((Bucket("a", None, 0), Bucket("b", 1, 0), Bucket("c", 1, None)), "bucket_set.buckets[1].to"),
        ((Bucket("a", None, 0), Bucket("b", None, None)), "bucket_set.buckets[1].from"),
    ],
)
def test_a_broken_set_is_refused_by_field(buckets: tuple[Bucket, ...], field: str) -> None:
    with refused(IsInvalid, field=field):
        check(BucketSet("v", BucketUnit.DAYS, buckets))


def test_declared_cycles_need_no_ladder() -> None:
    assert [CYCLES.bucket_of(cycles).name for cycles in (-2, 0, 1, 2, 9)] == ["current", "current", "1", "2", "4+"]
    assert [DAYS.bucket_of(days).name for days in (-5, 1, 30, 31, 61)] == ["current", "1-30", "1-30", "31-60", "61+"]
