"""Permits without any server: a long history goes along with a merge in events of measured size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.chassis.log.meta import SharedMeta
from services.chassis.log.units import EVENT_BYTES_MAX, NO_HASH
from services.contacts.card import CONTACTS
from services.contacts.domain import permitting
from services.contacts.domain.channels import Channel, Direction
from services.contacts.domain.permits import AttemptResult, ContactCounted
from services.contacts.domain.person import Person
from services.kernel.facts import told
from tests.golden.kept import META
from tests.services.contacts.policy.examples import an_id

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)


def test_a_long_history_with_many_debts_is_taken_over_in_parts() -> None:
    stays, other = Person.blank(an_id("stays")), Person.blank(an_id("other"))
    stays.now = stays.happened_at = NOON
    debts = tuple(an_id(f"debt {number}") for number in range(100))
    for number in range(500):
        result = AttemptResult(NOON - timedelta(hours=number), debts=debts if number % 3 == 0 else (), conversation_debts=debts[:50])
        contact = ContactCounted(an_id(number), other.id, an_id("case"), None, Channel.CALL, Direction.OUT, None, "", None, False, result)
        other.permits.record(contact)
    permitting.take_over(stays, other)
    events = [CONTACTS.mapper.encode(fact, SharedMeta.of(META), NO_HASH).event for fact in told(stays)]
    assert max(map(len, events)) < EVENT_BYTES_MAX
    assert stays.permits.contacts == other.permits.contacts
    permitting.take_over(stays, other)
    assert len(told(stays)) == len(events), "asked twice, told once"
    assert replace(stays.permits.ordered[0]) == other.permits.ordered[0]
