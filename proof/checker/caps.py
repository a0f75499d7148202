"""I11: no limit is exceeded, and a permit is used once. Counted again from the stored bytes of contacts alone.

At each grant and each use of a permit: what else counts in the window of each limit in force (`count_limit` of calendar days by person,
in every zone that the decision was taken for) is below the limit. A permit counts from its grant until it is given back, revoked or has
run out; a contact counts from when it was made. Contacts made outside of any permit count too, and are no breach of ours. A hold that is
heeded leaves no permit of its case open. Persons who were merged are left out, and the finding says how many.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.contacts.v1.types_pb2 import Channel, Direction

from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked
from proof.checker.stored import Event

ANY = frozenset({"call", "sms", "email", "chat", "in_person"})
"""What a rule for any channel speaks of."""
SPOKEN_OF_AS = {"messaging_app": "chat", "ivr": "call"}
"""Channels by another name in rules."""
CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts of a person in so many days of the calendar, today the last of them."""

    rule: str
    channels: frozenset[str]
    most: int
    days: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A contact, or a permit for one."""

    at: datetime
    channel: str
    party: str


@dataclass(slots=True)
class Permit:
    case_id: bytes
    channel: str
    party: str
    zones: tuple[str, ...]
    expires_at: datetime
    attempt_id: bytes = b""

    def is_open_at(self, at: datetime) -> bool:
        return not self.attempt_id and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Hold:
    first: date
    last: date

    def acts_on(self, days: Iterable[date]) -> bool:
        """On all of them."""
        found = list(days)
        return bool(found) and all(self.first <= day <= self.last for day in found)


@dataclass(slots=True)
class Person:
    permits: dict[bytes, Permit] = field(default_factory=dict)
    """Open or used."""
    counted: dict[bytes, Counted] = field(default_factory=dict)
    """By permit while it is open, then by attempt."""
    is_merged: bool = False


@dataclass(slots=True)
class Book:
    """All that limits count, by the facts of contacts so far."""

    looked: Looked
    limits: dict[tuple[str, str, str], list[Limit]] = field(default_factory=dict)
    """By tenant, pack and version."""
    in_force: dict[str, list[tuple[datetime, str, str]]] = field(default_factory=dict)
    """By tenant: from when on, which pack, which version; an empty one: none of it."""
    persons: dict[bytes, Person] = field(default_factory=dict)
    holds: dict[bytes, Hold] = field(default_factory=dict)
    """Those that stop all contact about a case."""
    grants: int = 0
    full: int = 0
    """Asked for, and refused because a limit was reached."""
    heeded: list[tuple[Event, Any]] = field(default_factory=list)
    """In the unit that is being read: what it comes to is looked at when all of it is."""

    def take(self, event: Event) -> None:
        if self.heeded and self.heeded[0][0].recorded_at != event.recorded_at:
            self.settle()
        noting = NOTED.get(event.fact)
        if noting is not None:
            message: Any = ContactEvent.FromString(event.data)
            noting(self, event, getattr(message, message.WhichOneof("event")))

    # Rules ---------------------------------------------------------------------------------------------------------------

    def publish(self, event: Event, fact: Any) -> None:
        self.limits[event.tenant_id, fact.pack, fact.version] = list(_limits(json.loads(fact.content)))

    def activate(self, event: Event, fact: Any) -> None:
        if not getattr(fact, "is_shadow", False):
            at = getattr(fact, "from").ToDatetime(UTC)
            self.in_force.setdefault(event.tenant_id, []).append((at, fact.pack, getattr(fact, "version", "")))

    def _limits_at(self, tenant_id: str, at: datetime) -> Iterator[Limit]:
        """The version told last of those that have begun decides."""
        versions = {pack: version for since, pack, version in self.in_force.get(tenant_id, ()) if since <= at}
        for pack, version in versions.items():
            yield from self.limits.get((tenant_id, pack, version), ())

    # Permits and contacts ------------------------------------------------------------------------------------------------

    def refuse(self, event: Event, fact: Any) -> None:
        self.full += any(reason.code == "COUNT_EXCEEDED" for reason in fact.decision.reasons)

    def grant(self, event: Event, fact: Any) -> None:
        self.grants += 1
        at, asking = fact.decision.evaluated_at.ToDatetime(UTC), fact.decision.asking
        permit = Permit(fact.case_id, _channel(fact.channel), asking.party, tuple(fact.decision.zones), fact.expires_at.ToDatetime(UTC))
        person = self._person(event)
        if fact.permit_id in person.permits:
            self.looked.breaks(f"{event.name}: the permit was granted before")
        person.permits[fact.permit_id] = permit
        self._judge(event, person, fact.permit_id, permit, at)
        person.counted[fact.permit_id] = Counted(at, permit.channel, permit.party)

    def consume(self, event: Event, fact: Any) -> None:
        person, at = self._person(event), _happened(event)
        permit = person.permits.get(fact.permit_id)
        self.looked.counted += 1
        if permit is None or permit.attempt_id or at >= permit.expires_at:
            what = "no permit is open" if permit is None else "the permit was used before" if permit.attempt_id else "it had run out"
            self.looked.breaks(f"{event.name}: {what}")
            return
        self._judge(event, person, fact.permit_id, permit, at)
        permit.attempt_id = fact.attempt_id
        person.counted.pop(fact.permit_id, None)
        person.counted[fact.attempt_id] = Counted(at, permit.channel, permit.party)

    def end(self, event: Event, fact: Any) -> None:
        person = self._person(event)
        permit = person.permits.pop(fact.permit_id, None)
        if permit is None:
            self.looked.breaks(f"{event.name}: no permit is open")
        else:
            person.counted.pop(permit.attempt_id or fact.permit_id, None)

    def contact(self, event: Event, fact: Any) -> None:
        direction = getattr(fact, "direction", Direction.DIRECTION_IN)
        if direction == Direction.DIRECTION_OUT:
            at = fact.result.at.ToDatetime(UTC)
            self._person(event).counted[fact.attempt_id] = Counted(at, _channel(fact.channel), fact.result.party or CONSUMER)

    def correct(self, event: Event, fact: Any) -> None:
        counted = self._person(event).counted
        if (known := counted.get(fact.attempt_id)) is not None:
            at = fact.result.at.ToDatetime(UTC)
            counted[fact.attempt_id] = Counted(at, known.channel, fact.result.party or known.party)

    def merge(self, event: Event, fact: Any) -> None:
        self._person(event).is_merged = True

    # Holds ---------------------------------------------------------------------------------------------------------------

    def note_hold(self, event: Event, fact: Any) -> None:
        if fact.stops_contact and not fact.debt_id:
            through = _date(fact.through) if fact.HasField("through") else date.max
            self.holds[fact.hold_id] = Hold(_date(getattr(fact, "from")), through)

    def end_hold(self, event: Event, fact: Any) -> None:
        if (hold := self.holds.get(fact.hold_id)) is not None:
            self.holds[fact.hold_id] = Hold(hold.first, _date(fact.on) - timedelta(days=1))

    def heed(self, event: Event, fact: Any) -> None:
        self.heeded.append((event, fact))

    def settle(self) -> None:
        """A hold that acts on the day on which it is heeded leaves no permit of its case open."""
        for event, fact in self.heeded:
            self.looked.counted += 1
            hold, at = self.holds.get(fact.hold_id), fact.heeded_at.ToDatetime(UTC)
            if hold is None:
                continue
            open_ones = [
                (permit_id, permit)
                for person in self.persons.values()
                for permit_id, permit in person.permits.items()
                if permit.case_id == fact.case_id and permit.is_open_at(at)
            ]
            for permit_id, permit in open_ones:
                if hold.acts_on(_day(at, zone) for zone in permit.zones):
                    self.looked.breaks(f"{event.name}: permit {UUID(bytes=permit_id)} of its case is open all the same")
        self.heeded.clear()

    def _person(self, event: Event) -> Person:
        return self.persons.setdefault(event.stream, Person())

    def _judge(self, event: Event, person: Person, permit_id: bytes, permit: Permit, at: datetime) -> None:
        if person.is_merged:
            return
        for limit in self._limits_at(event.tenant_id, at):
            if permit.channel not in limit.channels:
                continue
            self.looked.counted += 1
            others = [one for name, one in person.counted.items() if name != permit_id and _is_counted(one, limit, permit)]
            for zone in permit.zones:
                first = _day(at, zone) - timedelta(days=limit.days - 1)
                used = sum(_day(one.at, zone) >= first for one in others if not self._has_run_out(person, one, at))
                if used >= limit.most:
                    self.looked.breaks(f"{event.name}: {used} others count for {limit.rule}, and {limit.most} is the most ({zone})")

    def _has_run_out(self, person: Person, one: Counted, at: datetime) -> bool:
        """A permit past its end counts no longer, told or not."""
        return any(
            person.counted.get(permit_id) is one and at >= permit.expires_at
            for permit_id, permit in person.permits.items()
            if not permit.attempt_id
        )


def caps(evidence: Evidence) -> Finding:
    looked = Looked("I11")
    book = Book(looked)
    for event in evidence.stored["contacts"].events:
        book.take(event)
    book.settle()
    merged = sum(person.is_merged for person in book.persons.values())
    left_out = f"; {merged} merged persons left out" if merged else ""
    return looked.finding(reason=f"{book.grants} permits granted, {book.full} refused by a limit{left_out}")


def _limits(pack: Mapping[str, Any]) -> Iterator[Limit]:
    """Those that are judged here."""
    for rule in pack["rules"]:
        params = rule.get("params", {})
        window = params.get("window", {})
        if (
            (rule["primitive"], rule["effect"], window.get("kind")) == ("count_limit", "prohibit", "calendar_days")
            and (params["unit"], list(params["key"]), list(params["direction"])) == ("attempt", ["person"], ["out"])
            and not rule.get("except")
            and not rule.get("exclude")
        ):
            named = frozenset(rule["channels"])
            yield Limit(rule["id"], (named - {"any"}) | (ANY if "any" in named else frozenset()), params["max"], window["days"])


def _is_counted(one: Counted, limit: Limit, permit: Permit) -> bool:
    return one.channel in limit.channels and one.party == permit.party


def _channel(wire: Any) -> str:
    name = Channel.Name(wire).removeprefix("CHANNEL_").lower()
    return SPOKEN_OF_AS.get(name, name)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _date(wire: Any) -> date:
    return date(wire.year, wire.month, wire.day)


def _happened(event: Event) -> datetime:
    seconds, nanos = event.occurred_at
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=nanos // 1000)


NOTED: Mapping[str, Callable[[Book, Event, Any], None]] = {
    "RulePackPublished": Book.publish,
    "RulePackActivated": Book.activate,
    "RulePackDeactivated": Book.activate,
    "ContactPermitGranted": Book.grant,
    "ContactPermitDeferred": Book.refuse,
    "ContactPermitDenied": Book.refuse,
    "ContactPermitConsumed": Book.consume,
    "ContactPermitReleased": Book.end,
    "ContactPermitRevoked": Book.end,
    "ContactPermitExpired": Book.end,
    "AttemptOutsidePermitRecorded": Book.contact,
    "AttemptResultRecorded": Book.correct,
    "PersonsMerged": Book.merge,
    "PersonMergedInto": Book.merge,
    "HoldNoted": Book.note_hold,
    "HoldEndNoted": Book.end_hold,
    "HoldHeeded": Book.heed,
}
