"""Reviews: no circumstance of a person is taken as true for ever; the day to look at it again comes by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import deadlines
from services.cases.domain.circumstances import CircumstanceReviewDue
from services.kernel.facts import Due
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

CIRCUMSTANCES_PER_CASE_MAX = 300
REVIEW_AHEAD_DAYS_MAX = 366


class ReviewLiesBehind(Refusal):
    """The day to look at it again must lie ahead."""


class CaseHasTooManyCircumstances(Refusal):
    """The case holds as many circumstances as it may."""


def check(case: Case, review_on: date) -> None:
    if review_on <= case.today:
        raise ReviewLiesBehind(review_on=review_on)
    if (review_on - case.today).days > REVIEW_AHEAD_DAYS_MAX:
        raise IsInvalid("review_on", f"must not lie more than {REVIEW_AHEAD_DAYS_MAX} days ahead")


def must_have_room(case: Case) -> None:
    held = case.circumstances
    if len(held.vulnerabilities) + len(held.hardships) + len(held.special) >= CIRCUMSTANCES_PER_CASE_MAX:
        raise CaseHasTooManyCircumstances(circumstances_max=CIRCUMSTANCES_PER_CASE_MAX)


def tell_due(case: Case) -> None:
    """Of every circumstance whose day has come."""
    for circumstance_id, review_on in list(_awaited(case)):
        if review_on <= case.today:
            case.tell(CircumstanceReviewDue(**case.next(), circumstance_id=circumstance_id, review_on=review_on))


def due(case: Case) -> Iterable[Due]:
    for circumstance_id, review_on in _awaited(case):
        yield deadlines.come(case, f"circumstance.review/{circumstance_id}", review_on)


def _awaited(case: Case) -> Iterator[tuple[UUID, date]]:
    for each in case.circumstances.going_on():
        if each.review_on is not None and not each.is_review_due:
            yield each.id, each.review_on
