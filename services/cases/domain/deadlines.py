"""Deadlines: the last day for an answer, asked for or by the rule, and the midnight at which it has gone by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from services.kernel.calendar import start_of
from services.kernel.facts import Due
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

AHEAD_DAYS_MAX = 732
_ONE_DAY = timedelta(days=1)


class DeadlineLiesBeforeItBegins(Refusal):
    """The last day lies before the day from which it counts."""


def answer_due(case: Case, what: str, asked: date | None, field: str) -> date:
    """The last day for our answer to what was brought forward that day: as asked, else by the rule of the law that governs."""
    begins_on = case.happened_on
    by_country = ANSWER_DAYS[what]
    days = by_country.get(case.terms.at(begins_on).jurisdiction[:2], by_country[""])
    return checked(begins_on, asked or begins_on + timedelta(days=days), field)


def checked(begins_on: date, day: date, field: str) -> date:
    if day < begins_on:
        raise DeadlineLiesBeforeItBegins(begins_on=begins_on)
    if (day - begins_on).days > AHEAD_DAYS_MAX:
        raise IsInvalid(field, f"must not lie more than {AHEAD_DAYS_MAX} days ahead")
    return day


def gone_by(case: Case, key: str, last_day: date) -> Due:
    """Woken when the last day has gone by: at the midnight after it."""
    return Due(key, start_of(last_day + _ONE_DAY, case.terms.zone_at(case.modified_on)))


def come(case: Case, key: str, day: date) -> Due:
    """Woken when the day has come: at its own midnight."""
    return Due(key, start_of(day, case.terms.zone_at(case.modified_on)))


ANSWER_DAYS: Mapping[str, Mapping[str, int]] = {
    "dispute": {"": 30},
    # Eight weeks: UK FCA DISP 1.6.2 R.
    "complaint": {"": 30, "GB": 56},
    "query": {"": 15},
}
"""Days for an answer, by the country whose law governs the debts; "": where it says nothing."""
