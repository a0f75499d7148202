"""Hours: to the second, in every zone, on the days that clocks change; and holidays by law."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.contacts.adapters import holiday_dates
from services.contacts.domain.policy.clocks import CalendarEnds, is_holiday, start_of_day
from services.contacts.domain.policy.deciding import decide
from services.contacts.domain.policy.decision import ContactDecision
from services.contacts.domain.policy.facts import Action, Consent, Facts, Location, Window
from services.contacts.domain.policy.pack import FROM_ADDRESS, Holidays
from services.contacts.domain.policy.terms import Verdict
from tests.services.contacts.policy import regf
from tests.services.contacts.policy.examples import a_rule, pack_of

ROOT = Path(__file__).parents[4]
FILES = [path for path in (ROOT / "tests/data/tz/contact_window.json", ROOT.parent / "shared/data/tz/contact_window.json") if path.exists()]
ONE_SECOND, ONE_DAY = timedelta(seconds=1), timedelta(days=1)
EIGHT_TO_NINE = pack_of(a_rule("time_windows", windows={"mon-sun": ["08:00-21:00"]}, holidays="open"))


def at(instant: datetime, *zones: str) -> ContactDecision:
    facts = Facts("ES", location=Location(by_evidence=tuple((zone, (zone,)) for zone in zones)))
    return decide([EIGHT_TO_NINE], facts, Action("call"), instant)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parents[2].name)
def test_the_window_is_open_from_eight_to_nine_local_time_to_the_second_in_every_row(path: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    assert rows
    for row in rows:
        zone, day = row["zone"], date.fromisoformat(row["date"])
        opens, closes = (regf.instant(row[name]) for name in ("local_0800_utc", "local_2100_utc"))
        answers = [at(instant, zone) for instant in (opens - ONE_SECOND, opens, closes - ONE_SECOND, closes)]
        assert [answer.verdict is Verdict.DENY for answer in answers] == [True, False, False, True], row
        assert answers[0].next_allowed_at == opens, row
        length = start_of_day(day + ONE_DAY, zone) - start_of_day(day, zone)
        assert length == timedelta(minutes=row["day_length_minutes"]), row


def test_with_several_zones_the_hours_suit_all_of_them() -> None:
    answer = at(datetime(2026, 6, 1, 5, tzinfo=UTC), "America/New_York", "America/Los_Angeles")
    assert answer.next_allowed_at == datetime(2026, 6, 1, 15, tzinfo=UTC)
    assert at(datetime(2026, 6, 2, 0, 59, 59, tzinfo=UTC), "America/New_York", "America/Los_Angeles").verdict is Verdict.ALLOW
    assert at(datetime(2026, 6, 2, 1, tzinfo=UTC), "America/New_York", "America/Los_Angeles").verdict is Verdict.DENY


def test_zones_that_share_no_hour_ask_for_the_location() -> None:
    answer = at(datetime(2026, 6, 1, 12, tzinfo=UTC), "America/Los_Angeles", "Europe/Madrid", "Asia/Tokyo")
    assert (answer.reasons[0].code, answer.next_allowed_at, answer.needs) == ("ZONES_DISJOINT", None, ("resolve_location",))


def test_evidence_that_agrees_narrows_and_evidence_that_conflicts_widens() -> None:
    """A Spanish mobile may be in the Canaries; who lives in Madrid is in Madrid."""
    mobile = ("phone", ("Europe/Madrid", "Atlantic/Canary"))
    instant = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)

    def by(*evidence: tuple[str, tuple[str, ...]]) -> ContactDecision:
        return decide([EIGHT_TO_NINE], Facts("ES", location=Location(by_evidence=evidence)), Action("call"), instant)

    assert by(mobile).verdict is Verdict.DENY
    assert by(mobile, ("residence", ("Europe/Madrid",))).zones == ("Europe/Madrid",)
    assert by(mobile, ("residence", ("Europe/Madrid",))).verdict is Verdict.ALLOW
    assert by(mobile, ("residence", ("America/Bogota",))).zones == ("America/Bogota", "Atlantic/Canary", "Europe/Madrid")
    assert by(("phone", ("Etc/Unknown",))).reasons[0].code == "FACT_MISSING"


def test_an_hour_that_is_skipped_opens_at_the_end_of_the_gap() -> None:
    night = pack_of(a_rule("time_windows", windows={"mon-sun": ["02:30-05:00"]}, holidays="open"))
    facts = Facts("ES", location=Location(stated_zone="Europe/Madrid"))
    answer = decide([night], facts, Action("call"), datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert answer.next_allowed_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_is_repeated_is_open_both_times() -> None:
    night = pack_of(a_rule("time_windows", windows={"mon-sun": ["02:00-02:30"]}, holidays="open"))
    facts = Facts("ES", location=Location(stated_zone="Europe/Madrid"))
    between = decide([night], facts, Action("call"), datetime(2026, 10, 25, 0, 45, tzinfo=UTC))
    assert between.next_allowed_at == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Apia", date(2011, 12, 31)), ("America/Sao_Paulo", date(2018, 11, 4)), ("Africa/Cairo", date(2026, 4, 24))]
)
def test_a_day_without_midnight_begins_after_the_gap(zone: str, day: date) -> None:
    begins = start_of_day(day, zone)
    assert begins.astimezone(regf.ZoneInfo(zone)).date() == day
    assert (begins - ONE_SECOND).astimezone(regf.ZoneInfo(zone)).date() < day


def test_a_calendar_that_is_empty_opens_no_day() -> None:
    """The trap: a calendar of the library is false until somebody looks a day up in it."""
    dates = holiday_dates.dates("CO", 2026, 2026)
    assert date(2026, 7, 13) in dates[""], "Ley 2578 de 2026"
    calendar = Holidays("CO", "", "", 2026, 2026, dates)
    assert is_holiday(calendar, date(2026, 7, 13), "")
    with pytest.raises(CalendarEnds):
        is_holiday(Holidays("CO", "", "", 0, -1, {"": frozenset()}), date(2026, 7, 13), "")


def test_beyond_the_calendars_last_year_nobody_knows_and_the_answer_is_no() -> None:
    closing = pack_of(a_rule("time_windows", windows={"mon-sun": ["08:00-21:00"]}, holidays="closed"), calendar="ES", library=None)
    facts = Facts("ES", location=Location(stated_zone="Europe/Madrid"))
    answer = decide([closing], facts, Action("call"), datetime(2039, 3, 1, 12, tzinfo=UTC))
    assert (answer.reasons[0].code, answer.missing_facts) == ("FACT_MISSING", ("holiday_calendar",))


def test_the_part_of_the_country_decides_and_where_it_is_unknown_the_strict_pack_takes_all() -> None:
    dates = {"": frozenset[date](), "CT": frozenset({date(2026, 9, 11)})}
    by_address = Holidays("ES", FROM_ADDRESS, "", 2026, 2026, dates)
    strict = Holidays("ES", FROM_ADDRESS, "", 2026, 2026, dates, is_strict_where_unknown=True)
    day = date(2026, 9, 11)
    assert [is_holiday(by_address, day, part) for part in ("CT", "MD", "")] == [True, False, False]
    assert [is_holiday(strict, day, part) for part in ("CT", "")] == [True, True]


def test_hours_that_the_person_consented_to_are_the_next_instant_where_they_come_first() -> None:
    """Found by a machine: a rule that is lifted from midnight on does not wait for the morning."""
    day = pack_of(a_rule("time_windows", windows={"mon-fri": ["09:00-21:00"]}, holidays="open", **{"except": ["prior_consent_time"]}))
    night_shift = Consent("hours", datetime(2026, 3, 1, tzinfo=UTC), windows=(Window(frozenset(range(1, 8)), 0, 120),))
    facts = Facts("ES", location=Location(stated_zone="Europe/Madrid"), consents=(night_shift,))
    answer = decide([day], facts, Action("call"), datetime(2026, 3, 25, 21, tzinfo=UTC))
    assert answer.next_allowed_at == datetime(2026, 3, 25, 23, tzinfo=UTC)
