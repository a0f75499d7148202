"""Facts: what a policy may look at: one person, as known at one instant, and the contact that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One contact, made or reserved, in any channel, for any client. Oldest first in Facts."""

    id: UUID
    at: datetime
    """When it began, was sent, or may be made from (a reservation)."""
    channel: str
    """As rules speak of it (terms.channel_of)."""
    is_outbound: bool = True
    party: str = CONSUMER
    """Who was contacted: consumer, third_party, attorney, creditor, relative, workplace, personal_reference …"""
    creditor_id: UUID | None = None
    case_id: UUID | None = None
    campaign: str = ""
    debts: frozenset[UUID] = frozenset()
    """About which debts; empty: about all."""
    conversation_debts: frozenset[UUID] = frozenset()
    """Which debts were spoken of; empty where there was a conversation: all of `debts`."""
    point_id: UUID | None = None
    is_connected: bool = True
    """A call that reached the number dialled, or may have. Busy and not in service did not."""
    conversed_at: datetime | None = None
    """When a conversation was last going on; None: there was none."""
    is_direct: bool = False
    """The person was reached."""
    replies_to: UUID | None = None
    flags: frozenset[str] = frozenset()
    """What came of it besides: TRANSFER_NOTICE_SENT …"""


@dataclass(frozen=True, slots=True)
class Point:
    """An address of the person. Never its value."""

    id: UUID
    zones: tuple[str, ...] = ()
    evidence: str = "phone"
    """What its zones rest on."""
    place: str = ""
    """home or workplace, where it is tied to a place: post and fixed lines are, mobiles and e-mail are not."""
    channels: frozenset[str] = frozenset()
    """By which it can be used."""
    is_wrong: bool = False
    """Learned to be somebody else's."""
    is_dead: bool = False
    """It reaches nobody."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day on some days of the week."""

    weekdays: frozenset[int]
    """ISO: 1 Monday … 7 Sunday."""
    from_minute: int
    until_minute: int
    """Does not belong to it any more; 1440: to the day's end."""


@dataclass(frozen=True, slots=True)
class Consent:
    kind: str
    """contact, frequency, hours, time, third_party, text …"""
    given_at: datetime
    ends_at: datetime | None = None
    """Withdrawn or run out, whichever came first."""
    channels: frozenset[str] = frozenset()
    point_ids: frozenset[UUID] = frozenset()
    case_ids: frozenset[UUID] = frozenset()
    debts: frozenset[UUID] = frozenset()
    windows: tuple[Window, ...] = ()
    instrument: str = ""
    is_given_to_creditor: bool = False

    def stands_at(self, t: datetime) -> bool:
        return self.given_at <= t and (self.ends_at is None or t < self.ends_at)

    def covers(self, action: Action) -> bool:
        """That it speaks of this contact at all. Empty scopes mean: any."""
        return (
            (not self.channels or action.channel in self.channels)
            and (not self.point_ids or action.point_id in self.point_ids)
            and (not self.case_ids or action.case_id in self.case_ids)
            and (not self.debts or bool(action.debts & self.debts))
        )


@dataclass(frozen=True, slots=True)
class PersonalTimes:
    """Times that suit the person, or that do not."""

    source: str
    """consumer or creditor_file."""
    windows: tuple[Window, ...]
    do_suit: bool
    """True: only these times suit. False: these do not."""
    known_at: datetime
    through: date | None = None
    """Last day; None: until said otherwise."""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that stands in the way of contact, for a person, some debts, a channel, an address or a place."""

    name: str
    known_at: datetime
    """It binds from here on: a notice when it was received, not when it was sent."""
    ends_at: datetime | None = None
    """When it ends by itself or was lifted; None: until an event ends it."""
    case_ids: frozenset[UUID] = frozenset()
    debts: frozenset[UUID] = frozenset()
    channels: frozenset[str] = frozenset()
    point_id: UUID | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was seen or done at an instant: a text from the consumer, a check of a number, a notice sent."""

    name: str
    at: datetime
    point_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where the person may be. Each piece of evidence names the zones it allows."""

    stated_zone: str = ""
    """What the person said; it stands alone."""
    by_evidence: tuple[tuple[str, tuple[str, ...]], ...] = ()
    country: str = ""
    subdivision: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The person at a version, the case file at a version, put together for the evaluator. Attempts: oldest first."""

    jurisdiction: str = ""
    """Of the case: ISO 3166, optionally with subdivision."""
    attempts: tuple[Attempt, ...] = ()
    points: Mapping[UUID, Point] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    personal_times: tuple[PersonalTimes, ...] = ()
    flags: tuple[Flag, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    location: Location = Location()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What packs ask of a case (collector, debtor, debt); one that is not known applies to none: packs then apply."""
    circumstances: frozenset[str] = frozenset()
    """Of the case: debt_assigned_npl …"""


@dataclass(frozen=True, slots=True)
class Action:
    """The contact that is asked for."""

    channel: str
    """As rules speak of it (terms.channel_of)."""
    case_id: UUID | None = None
    creditor_id: UUID | None = None
    debts: frozenset[UUID] = frozenset()
    point_id: UUID | None = None
    party: str = CONSUMER
    purpose: str = ""
    campaign: str = ""
    mode: str = ""
    """Of dialing: preview, progressive, predictive …; empty: not said."""
    cli_type: str = ""
    """Of the number shown: mobile, geographic, 800, 900; empty: not said."""
    replies_to: UUID | None = None
    """The inbound contact that this answers."""
    grounds: frozenset[str] = frozenset()
    """What the caller states and has evidence of: court_permission, legally_required_medium …"""
