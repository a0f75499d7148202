"""Channels, directions, purposes, and hours of the day: the words that every area of contacts shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Channel(Enum):
    """The way in which somebody is spoken to."""

    CALL = "CALL"
    SMS = "SMS"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    LETTER = "LETTER"
    MESSAGING_APP = "MESSAGING_APP"
    IVR = "IVR"
    PORTAL = "PORTAL"
    IN_PERSON = "IN_PERSON"


class Direction(Enum):
    """Who began: OUT, we to them."""

    OUT = "OUT"
    IN = "IN"


class Purpose(Enum):
    """What a contact is for."""

    REMINDER = "REMINDER"
    COLLECTION = "COLLECTION"
    PROMISE_FOLLOW_UP = "PROMISE_FOLLOW_UP"
    SERVICE = "SERVICE"
    LEGAL_NOTICE = "LEGAL_NOTICE"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Hours of the day in the person's own time, on some days of the week (ISO: 1 Monday … 7 Sunday; none: every day)."""

    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    """Minutes since midnight; the first belongs to it, the last does not."""

    def holds_at(self, local: datetime) -> bool:
        """Whether a local time lies in it."""
        minute = local.hour * 60 + local.minute
        return self.from_minute <= minute < self.until_minute and (not self.weekdays or local.isoweekday() in self.weekdays)
