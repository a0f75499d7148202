"""I11: a story in which every limit is kept holds; one contact more, a permit used twice, a hold that leaves one open: broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from acuerdo.contacts.v1 import casefiles_pb2 as files
from acuerdo.contacts.v1 import packs_pb2 as packs
from acuerdo.contacts.v1 import permits_pb2 as permits
from acuerdo.contacts.v1 import persons_pb2 as persons
from acuerdo.contacts.v1.decisions_pb2 import ContactDecision, PolicyAsking
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.contacts.v1.types_pb2 import Channel, Direction
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from proof.checker.caps import caps
from proof.checker.evidence import Evidence
from proof.checker.findings import Finding
from proof.checker.stored import Event, Stored

NOON = datetime(2026, 3, 3, 4, tzinfo=UTC)
"""In Taipei."""
ZONE = "Asia/Taipei"
PERSON, OTHER, CASE, HOLD = (UUID(int=number).bytes for number in range(1, 5))
MOST = 2
Told = tuple[datetime, bytes, Message]
"""When, of whom, what."""


def judged(story: list[Told]) -> Finding:
    events = [_event(number, *told) for number, told in enumerate(story, 1)]
    return caps(Evidence({"contacts": Stored("contacts", events)}, None))


def _event(number: int, at: datetime, stream: bytes, fact: Message) -> Event:
    name = fact.DESCRIPTOR.name
    field = next(field.name for field in ContactEvent.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type is fact.DESCRIPTOR)
    told = ContactEvent()
    getattr(told, field).CopyFrom(fact)
    data = told.SerializeToString()
    event = Event("contacts", b"", number, at, stream, number, 1, "demo", name, "", data, fact=name)
    event.occurred_at = (int(at.timestamp()), 0)
    return event


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


def the_rules(most: int = MOST, version: str = "1", **changed: Any) -> list[Told]:
    params = {"unit": "attempt", "direction": ["out"], "key": ["person"], "max": most, "window": {"kind": "calendar_days", "days": 1}}
    rule = {"id": "CALLS", "primitive": "count_limit", "effect": "prohibit", "channels": ["call"], "params": params, **changed}
    content = json.dumps({"rules": [rule]}).encode()
    activated = _from(packs.RulePackActivated(pack="p", version=version), stamp(NOON - timedelta(hours=1)))
    published = packs.RulePackPublished(pack="p", version=version, content=content)
    return [(NOON - timedelta(hours=1), OTHER, published), (NOON - timedelta(hours=1), OTHER, activated)]


def granted(permit: int, at: datetime = NOON, person: bytes = PERSON, minutes: int = 15, channel: Any = Channel.CHANNEL_CALL) -> Told:
    decision = ContactDecision(evaluated_at=stamp(at), asking=PolicyAsking(party="consumer"), zones=[ZONE])
    fact = permits.ContactPermitGranted(
        permit_id=_id(permit), case_id=CASE, channel=channel, expires_at=stamp(at + timedelta(minutes=minutes)), decision=decision
    )
    return at, person, fact


def used(permit: int, at: datetime = NOON, attempt: int = 0) -> Told:
    return at, PERSON, permits.ContactPermitConsumed(permit_id=_id(permit), case_id=CASE, attempt_id=_id(attempt or permit + 1_000))


def given_back(permit: int, at: datetime = NOON) -> Told:
    return at, PERSON, permits.ContactPermitReleased(permit_id=_id(permit), case_id=CASE)


def run_out(permit: int, at: datetime = NOON) -> Told:
    return at, PERSON, permits.ContactPermitExpired(permit_id=_id(permit), case_id=CASE)


def revoked(permit: int, at: datetime = NOON) -> Told:
    return at, PERSON, permits.ContactPermitRevoked(permit_id=_id(permit), case_id=CASE, hold_id=HOLD)


def outside(at: datetime = NOON) -> Told:
    result = permits.AttemptResult(at=stamp(at), party="consumer")
    call, out = Channel.CHANNEL_CALL, Direction.DIRECTION_OUT
    return at, PERSON, permits.AttemptOutsidePermitRecorded(attempt_id=_id(9_000), channel=call, direction=out, at=stamp(at), result=result)


def hold_noted(stops: bool = True, day: int = 3) -> Told:
    return NOON, CASE, _from(files.HoldNoted(hold_id=HOLD, stops_contact=stops), Date(year=2026, month=3, day=day))


def hold_ended() -> Told:
    return NOON, CASE, files.HoldEndNoted(hold_id=HOLD, on=Date(year=2026, month=3, day=3))


def heeded(at: datetime = NOON) -> Told:
    return at, CASE, files.HoldHeeded(case_id=CASE, hold_id=HOLD, heeded_at=stamp(at))


def merged() -> Told:
    return NOON, PERSON, persons.PersonsMerged(merged_person_id=OTHER)


def _from(fact: Message, begins: Message) -> Message:
    getattr(fact, "from").CopyFrom(begins)
    return fact


def _id(number: int) -> bytes:
    return UUID(int=number).bytes


LATER, NEXT_DAY = NOON + timedelta(minutes=20), NOON + timedelta(days=1)
KEPT: dict[str, list[Told]] = {
    "as many as may be": [granted(11), used(11), granted(12)],
    "one was given back": [granted(11), granted(12), given_back(11), granted(13)],
    "one was used and given back": [granted(11), used(11), given_back(11), granted(12), granted(13)],
    "one has run out and was told": [granted(11), granted(12), run_out(11, LATER), granted(13, LATER)],
    "both have run out and nobody told yet": [granted(11), granted(12), granted(13, LATER), granted(14, LATER)],
    "another day": [granted(11), used(11), granted(12), used(12), granted(13, NEXT_DAY)],
    "another person": [granted(11), granted(12), granted(13, person=OTHER)],
    "another channel": [granted(11), granted(12), granted(13, channel=Channel.CHANNEL_EMAIL)],
    "a contact outside of any, above the limit": [granted(11), granted(12), outside()],
    "a hold that revokes": [granted(11), hold_noted(), revoked(11), heeded()],
    "a hold told of before it revokes, in one unit": [granted(11), hold_noted(), heeded(), revoked(11)],
    "a hold that does not stop contact": [granted(11), hold_noted(stops=False), heeded()],
    "a hold from tomorrow on": [granted(11), hold_noted(day=4), heeded()],
    "a hold that had ended when it was heeded": [granted(11), hold_noted(), hold_ended(), heeded()],
    "a hold after the contact": [granted(11), used(11), hold_noted(), heeded()],
}
BROKEN: dict[str, list[Told]] = {
    "one more": [granted(11), used(11), granted(12), granted(13)],
    "one more, later on the same day": [granted(11), used(11), granted(12), used(12), granted(13, LATER)],
    "one more, a contact outside counted": [outside(), granted(11), granted(12)],
    "used twice": [granted(11), used(11), used(11, attempt=77)],
    "used after it was given back": [granted(11), given_back(11), used(11)],
    "used after it had run out": [granted(11), used(11, LATER)],
    "used after a hold revoked it": [granted(11), revoked(11), used(11)],
    "never granted": [used(11)],
    "granted twice": [granted(11), granted(11)],
    "given back twice": [granted(11), given_back(11), given_back(11)],
    "used on another day that is full": [
        granted(11, minutes=3_000),
        granted(12, NEXT_DAY),
        used(12, NEXT_DAY),
        granted(13, NEXT_DAY),
        used(13, NEXT_DAY),
        used(11, NEXT_DAY),
    ],
    "a hold that leaves one open": [granted(11), hold_noted(), heeded()],
    "a hold that leaves one of two open": [granted(11), granted(12), hold_noted(), heeded(), revoked(11)],
}


@pytest.mark.parametrize("story", KEPT.values(), ids=KEPT)
def test_limits_that_are_kept_hold(story: list[Told]) -> None:
    finding = judged(the_rules() + story)

    assert (finding.holds, finding.broken) == (True, ())
    assert finding.counted > 0


@pytest.mark.parametrize("story", BROKEN.values(), ids=BROKEN)
def test_what_exceeds_a_limit_or_uses_a_permit_again_is_found(story: list[Told]) -> None:
    assert judged(the_rules() + story).holds is False


@pytest.mark.parametrize(
    "rules",
    [
        lambda: the_rules(most=3),
        lambda: [*the_rules(), *the_rules(most=3, version="2")],
        lambda: [*the_rules(), (NOON - timedelta(hours=1), OTHER, _ended())],
        lambda: the_rules(exclude=["not_connected"]),
    ],
    ids=["a higher limit", "a higher limit since", "none any more", "one with exceptions is not judged"],
)
def test_the_rules_in_force_are_what_counts(rules: Callable[[], list[Told]]) -> None:
    assert judged(rules() + BROKEN["one more"]).holds is True


def _ended() -> Message:
    return _from(packs.RulePackDeactivated(pack="p"), stamp(NOON - timedelta(hours=1)))


def test_whoever_was_merged_is_left_out_and_that_is_said() -> None:
    finding = judged([*the_rules(), merged(), *BROKEN["one more"]])

    assert (finding.holds, finding.reason) == (True, "3 permits granted, 0 refused by a limit; 1 merged persons left out")
