"""A day begins at its first instant in its zone, also on nights when midnight is skipped or comes twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.calendar import date_at, start_of, zone
from services.kernel.refusal import IsInvalid

ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc", "posix", "right")))


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2040, 12, 31)))
def test_the_first_instant_of_a_day_belongs_to_it_and_the_one_before_does_not(name: str, day: date) -> None:
    in_zone = ZoneInfo(name)
    first = start_of(day, in_zone)
    before = date_at(first - timedelta(microseconds=1), in_zone)
    assert before < day
    # Where a zone left out a whole day (Apia, 2011-12-30), the first instant is that of the day after.
    assert date_at(first, in_zone) >= day


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("Europe/Madrid", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight did not exist
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # midnight came twice: the first
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the day did not exist
    ],
)
def test_known_nights(name: str, day: date, expected: datetime) -> None:
    assert start_of(day, ZoneInfo(name)) == expected


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(IsInvalid) as refused:
        zone("Europe/Atlantis", field="terms.zone")
    assert refused.value.field == "terms.zone"
