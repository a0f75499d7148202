"""The words of policies: effects, grounds in law, verdicts, channels, and the codes of reasons."""

from __future__ import annotations

from enum import Enum


class Effect(Enum):
    """What a rule that is not kept comes to. In the order in which reasons are told."""

    PROHIBIT = 1
    PRESUME_VIOLATION = 2
    REQUIRE = 3
    WARN = 4


class Basis(Enum):
    """What a rule rests on."""

    LAW = 1
    GUIDANCE = 2
    HOUSE_POLICY = 3


class Verdict(Enum):
    ALLOW = 1
    ALLOW_WITH_OBLIGATIONS = 2
    DENY = 3


DENIES = frozenset({Effect.PROHIBIT, Effect.PRESUME_VIOLATION})
"""A presumption of violation is kept like a prohibition; only a ground with evidence goes past it."""

CHANNELS = ("call", "sms", "email", "chat", "letter", "messaging_app", "ivr", "portal", "in_person")
SPOKEN_AS = {"ivr": "call", "messaging_app": "chat"}
"""An automated call is a call for every rule, a message by an application is chat."""
ANY = frozenset({"call", "sms", "email", "chat", "in_person"})
"""What `channels: [any]` means. A letter (and a portal) must be named: hours make no sense for post."""


def channel_of(channel: str) -> str:
    """The channel as rules speak of it."""
    return SPOKEN_AS.get(channel, channel)


class Code:
    """Codes of reasons. What a client's program may rest on; never renamed."""

    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    HOLIDAY_CLOSED = "HOLIDAY_CLOSED"
    PERSONAL_TIME = "PERSONAL_TIME"
    PERSONAL_PLACE = "PERSONAL_PLACE"
    COUNT_EXCEEDED = "COUNT_EXCEEDED"
    COOLDOWN_ACTIVE = "COOLDOWN_ACTIVE"
    MIN_GAP = "MIN_GAP"
    CHANNEL_ALREADY_USED = "CHANNEL_ALREADY_USED"
    CHANNEL_NOT_AUTHORISED = "CHANNEL_NOT_AUTHORISED"
    ADDRESS_OPTED_OUT = "ADDRESS_OPTED_OUT"
    ADDRESS_WRONG = "ADDRESS_WRONG"
    MEDIUM_STOPPED = "MEDIUM_STOPPED"
    CEASE_ACTIVE = "CEASE_ACTIVE"
    ATTORNEY = "ATTORNEY"
    WORKPLACE = "WORKPLACE"
    MORATORIUM = "MORATORIUM"
    DISPUTE_OPEN = "DISPUTE_OPEN"
    HOLD_ACTIVE = "HOLD_ACTIVE"
    CASE_CLOSED = "CASE_CLOSED"
    PERSON_PROTECTED = "PERSON_PROTECTED"
    NOTICE_MISSING = "NOTICE_MISSING"
    NOTICE_WAIT = "NOTICE_WAIT"
    CONSENT_STALE = "CONSENT_STALE"
    THIRD_PARTY = "THIRD_PARTY"
    CLI_TYPE = "CLI_TYPE"
    ZONES_DISJOINT = "ZONES_DISJOINT"
    FACT_MISSING = "FACT_MISSING"
    NO_POLICY = "NO_POLICY"
