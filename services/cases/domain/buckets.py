"""Buckets (tramos): versioned ranges of delinquency, in days or in cycles, so made that every whole number lies in exactly one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from services.kernel.refusal import IsInvalid

BUCKETS_PER_SET_MAX = 40
PAST_DUE_UNITS_MAX = 1_000_000
"""No case is later than this many days or cycles; nor earlier than its negative."""


class BucketUnit(Enum):
    """In what a set counts."""

    DAYS = "DAYS"
    CYCLES = "CYCLES"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One range; both ends belong to it. No `from_`: everything below; no `to`: everything above."""

    name: str
    from_: int | None
    to: int | None

    def holds(self, value: int) -> bool:
        return (self.from_ is None or self.from_ <= value) and (self.to is None or value <= self.to)


@dataclass(frozen=True, slots=True)
class BucketSet:
    """A versioned set, from best to worst."""

    version: str
    unit: BucketUnit
    buckets: tuple[Bucket, ...]

    def bucket_of(self, value: int) -> Bucket:
        """The one bucket that holds `value`. Total, for every set that `check` has let through."""
        return next(bucket for bucket in self.buckets if bucket.holds(value))

    def rank(self, name: str) -> int | None:
        """Place of the bucket of that name, 0 for the best; None when this set has none of that name."""
        return next((place for place, bucket in enumerate(self.buckets) if bucket.name == name), None)

    @property
    def first(self) -> Bucket:
        return self.buckets[0]


def check(bucket_set: BucketSet, field: str = "bucket_set") -> None:
    """Refuse a set with a gap, an overlap, an open end in the wrong place or two buckets of one name."""
    if not bucket_set.version:
        raise IsInvalid(f"{field}.version", "must not be empty")
    if not 1 <= len(bucket_set.buckets) <= BUCKETS_PER_SET_MAX:
        raise IsInvalid(f"{field}.buckets", f"must be 1 to {BUCKETS_PER_SET_MAX} buckets")
    names: set[str] = set()
    below: int | None = None
    last = len(bucket_set.buckets) - 1
    for place, bucket in enumerate(bucket_set.buckets):
        at = f"{field}.buckets[{place}]"
        if not bucket.name or bucket.name in names:
            raise IsInvalid(f"{at}.name", "must be a name that no other bucket of the set has")
        names.add(bucket.name)
        _check_ends(bucket, at, is_first=place == 0, is_last=place == last, below=below)
        below = bucket.to


def _check_ends(bucket: Bucket, at: str, *, is_first: bool, is_last: bool, below: int | None) -> None:
    if is_first and bucket.from_ is not None:
        raise IsInvalid(f"{at}.from", "must be absent: the first bucket holds everything below")
    if not is_first and (bucket.from_ is None or below is None or bucket.from_ != below + 1):
        raise IsInvalid(f"{at}.from", "must be one more than the end of the bucket before it")
    if is_last != (bucket.to is None):
        raise IsInvalid(f"{at}.to", "must be absent in the last bucket, which holds everything above, and only there")
    if bucket.to is not None and not (bucket.from_ if bucket.from_ is not None else -PAST_DUE_UNITS_MAX) <= bucket.to <= PAST_DUE_UNITS_MAX:
        raise IsInvalid(f"{at}.to", "must not lie before its beginning, nor beyond what can be past due")
