"""Facts for policies: what a person's stream and a case's file say at an instant, in the policies' own words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.agreement import Cease, Consent
from services.contacts.domain.casefile import CaseFile, HoldKnown
from services.contacts.domain.channels import Channel, TimeWindow
from services.contacts.domain.circumstances import PersonFlag
from services.contacts.domain.points import ContactPoint, LineType, PointKind, PointState
from services.contacts.domain.policy import facts as policy
from services.contacts.domain.policy.facts import Facts
from services.contacts.domain.policy.terms import channel_of
from services.kernel.calendar import start_of, zone

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_EVERY_DAY = frozenset(range(1, 8))


def facts_of(person: Person, file: CaseFile, at: datetime) -> Facts:
    """All that is known. A permit that has run out by `at` counts no longer, whether its end has been told or not."""
    return Facts(
        jurisdiction=file.terms_at(at).jurisdiction,
        attempts=_attempts(person, at),
        points={point.point_id: _point(point) for point in person.points.by_id.values()},
        consents=tuple(_consent(consent) for consent in person.agreement.consents.values()),
        personal_times=tuple(_personal_times(person)),
        flags=(*_flags_of_person(person), *_flags_of_points(person), *_flags_of_case(person, file, at)),
        evidence=tuple(_evidence(person)),
        location=_location(person),
    )


def _attempts(person: Person, at: datetime) -> tuple[policy.Attempt, ...]:
    permits, ours = person.permits, {person.id, *person.merging.person_ids}
    gone = {permit.id for permit in permits.open.values() if at >= permit.expires_at}
    foreign = {contact.attempt_id for contact in permits.contacts.values() if contact.person_id not in ours}
    if not gone and not foreign:
        return tuple(permits.ordered)
    return tuple(attempt for attempt in permits.ordered if attempt.id not in gone and attempt.id not in foreign)


def _point(point: ContactPoint) -> policy.Point:
    return policy.Point(
        id=point.point_id,
        zones=point.zones,
        evidence=point.kind.name.lower(),
        place=_place(point),
        channels=_channels(point),
        is_wrong=point.state is PointState.THIRD_PARTY,
        is_dead=not point.may_be_used,
    )


def _place(point: ContactPoint) -> str:
    if point.is_workplace:
        return "workplace"
    # Post and fixed lines are tied to a place; mobiles and e-mail are not (12 CFR 1006.6(b)(3)).
    return "home" if point.kind is PointKind.POSTAL or point.line_type is LineType.FIXED else ""


def _channels(point: ContactPoint) -> frozenset[str]:
    match point.kind:
        case PointKind.PHONE:
            return frozenset({"call"}) if point.line_type is LineType.FIXED else frozenset({"call", "sms", "chat"})
        case PointKind.EMAIL:
            return frozenset({"email"})
        case PointKind.POSTAL:
            return frozenset({"letter", "in_person"})
        case PointKind.ACCOUNT:
            return frozenset({"chat", "portal"})


def _consent(consent: Consent) -> policy.Consent:
    ends = [end for end in (consent.expires_at, consent.withdrawn_at) if end is not None]
    return policy.Consent(
        kind=consent.kind.name.lower(),
        given_at=consent.given_at,
        ends_at=min(ends, default=None),
        channels=_spoken(consent.channels),
        point_ids=frozenset(consent.point_ids),
        case_ids=frozenset(consent.case_ids),
        windows=tuple(_window(window) for window in consent.windows),
        instrument=consent.instrument,
        is_given_to_creditor=consent.is_given_to_creditor,
    )


def _spoken(channels: tuple[Channel, ...]) -> frozenset[str]:
    return frozenset(channel_of(channel.name.lower()) for channel in channels)


def _window(window: TimeWindow) -> policy.Window:
    return policy.Window(frozenset(window.weekdays) or _EVERY_DAY, window.from_minute, window.until_minute)


def _personal_times(person: Person) -> Iterator[policy.PersonalTimes]:
    for preference in person.agreement.preferences.values():
        if preference.windows:
            source = "creditor_file" if preference.source == "CREDITOR_FILE" else "consumer"
            windows = tuple(_window(window) for window in preference.windows)
            yield policy.PersonalTimes(source, windows, True, preference.set_at)


def _flags_of_person(person: Person) -> Iterator[policy.Flag]:
    for flag in person.circumstances.flags.values():
        place = "workplace" if flag.flag is PersonFlag.WORKPLACE_PROHIBITED else ""
        yield policy.Flag(FLAGS[flag.flag], flag.known_at, case_ids=frozenset(flag.case_ids), place=place)
    for cease in person.agreement.ceases.values():
        yield _ceased(cease)


def _ceased(cease: Cease) -> policy.Flag:
    name = "stop_medium" if cease.channels else "cease_notice_received"
    return policy.Flag(name, cease.received_at, cease.revoked_at, frozenset(cease.case_ids), channels=_spoken(cease.channels))


def _flags_of_points(person: Person) -> Iterator[policy.Flag]:
    for point in person.points.by_id.values():
        if point.state in POINT_FLAGS:
            yield policy.Flag(POINT_FLAGS[point.state], point.added_at, point_id=point.point_id)


def _flags_of_case(person: Person, file: CaseFile, at: datetime) -> Iterator[policy.Flag]:
    if file.is_closed:
        yield policy.Flag("case_closed", _ALWAYS)
    if not {person.id, *person.merging.person_ids} & file.parties.keys():
        yield policy.Flag("not_a_party", _ALWAYS)
    there = zone(file.terms_at(at).zone)
    for hold in file.holds.values():
        if hold.stops_contact and not hold.is_of_a_part:
            last = _last_day(hold)
            debts = frozenset({hold.debt_id}) if hold.debt_id is not None else frozenset[UUID]()
            ends_at = start_of(last, there) if last is not None else None
            yield policy.Flag("hold", start_of(hold.from_, there), ends_at, debts=debts)


def _last_day(hold: HoldKnown) -> date | None:
    """First day on which it holds no longer; None: open-ended."""
    ends = [day for day in (hold.ended_on, hold.through + timedelta(days=1) if hold.through is not None else None) if day is not None]
    return min(ends, default=None)


def _evidence(person: Person) -> Iterator[policy.Evidence]:
    """What was seen: a text from the person, a consent to texts, notices that were sent."""
    for consent in person.agreement.consents.values():
        if Channel.SMS in consent.channels and not consent.is_given_to_creditor and consent.withdrawn_at is None:
            for point_id in consent.point_ids or (None,):
                yield policy.Evidence("text_consent", consent.given_at, point_id)
    for attempt in person.permits.ordered:
        if not attempt.is_outbound and attempt.channel == "sms":
            yield policy.Evidence("sms_from_consumer", attempt.at, attempt.point_id)
        for flag in attempt.flags:
            yield policy.Evidence(flag.lower(), attempt.at)


def _location(person: Person) -> policy.Location:
    stated = [preference for preference in person.agreement.preferences.values() if preference.zone]
    residences = sorted(person.circumstances.residences.values(), key=lambda residence: residence.known_at)
    newest = residences[-1] if residences else None
    by_residence = [(f"residence:{residence.evidence.lower()}", residence.zones) for residence in residences]
    by_point = [(point.kind.name.lower(), point.zones) for point in person.points.by_id.values() if point.zones and point.may_be_used]
    return policy.Location(
        stated_zone=max(stated, key=lambda preference: preference.set_at).zone if stated else "",
        by_evidence=tuple(sorted([*by_residence, *by_point])),
        country=newest.country if newest else "",
        subdivision=newest.subdivision if newest else "",
    )


FLAGS = {
    PersonFlag.ATTORNEY: "attorney_known",
    PersonFlag.DECEASED: "deceased",
    PersonFlag.INCAPACITATED: "incapacitated",
    PersonFlag.MINOR: "minor",
    PersonFlag.INSOLVENT: "insolvent",
    PersonFlag.VULNERABLE: "vulnerable",
    PersonFlag.WORKPLACE_PROHIBITED: "workplace_prohibited",
}
POINT_FLAGS = {
    PointState.INVALID: "invalid_address",
    PointState.THIRD_PARTY: "wrong_address",
    PointState.SUPPRESSED: "stop_address",
}
