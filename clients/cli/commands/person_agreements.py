"""`acuerdo person consent|withdraw|prefer|cease`: what people agreed to, and what they asked for."""

from __future__ import annotations

import re
from typing import Annotated

from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import persons_pb2 as persons
from acuerdo.contacts.v1 import types_pb2 as types
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.person_blocks import DAYS
from clients.cli.reading import instant_or_none, member, new_id

Several = Annotated[list[str] | None, Parameter(negative="")]
_HOURS = re.compile(r"(?:([a-z,-]+)=)?(\d{2}):(\d{2})-(\d{2}):(\d{2})")


async def consent(
    person: str,
    kind: str,
    *,
    instrument: str,
    evidence: str,
    channel: Several = None,
    hours: Several = None,
    until: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """Record what a person agreed to.

    Parameters
    ----------
    person
        Its id.
    kind
        contact, frequency, hours, third-party.
    instrument
        How it was given, e.g. SEPARATE_DOCUMENT, CALL, WEB_FORM.
    evidence
        Reference of the document or recording.
    channel
        By this channel; else any.
    hours
        Of kind hours: when, e.g. mon-fri=18:00-21:00.
    until
        It ends then; else it stands until withdrawn.
    """
    request = people.GiveConsentRequest(
        request_id=new_id(),
        person_id=person,
        kind=member(persons.ConsentKind, kind, "KIND"),
        channels=[member(types.Channel, each, "--channel") for each in channel or ()],
        windows=[_window(each) for each in hours or ()],
        instrument=instrument,
        evidence_ref=evidence,
        expires_at=instant_or_none(until, "--until"),
    )
    async with ask.doors() as doors:
        answer = await doors.people.GiveConsent(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=answer.consent_id))


async def withdraw(person: str, consent: str, reason: str, *, evidence: str = "", ask: Asking = ASKING) -> None:
    """A consent no longer stands.

    Parameters
    ----------
    person
        Its id.
    consent
        Id of the consent.
    reason
        Code of the reason.
    evidence
        Reference of what proves it.
    """
    request = people.WithdrawConsentRequest(
        request_id=new_id(), person_id=person, consent_id=consent, reason_code=reason, evidence_ref=evidence
    )
    async with ask.doors() as doors:
        answer = await doors.people.WithdrawConsent(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=consent))


async def prefer(
    person: str,
    *,
    language: str = "",
    zone: str = "",
    channel: Several = None,
    hours: Several = None,
    source: str = "DEBTOR",
    ask: Asking = ASKING,
) -> None:
    """Record what suits a person, in the place of what was known.

    Parameters
    ----------
    person
        Its id.
    language
        e.g. es, en-US.
    zone
        e.g. Europe/Madrid.
    channel
        Channels, best first.
    hours
        e.g. mon-fri=18:00-21:00; else any time.
    source
        Who says so.
    """
    request = people.SetPreferenceRequest(
        request_id=new_id(),
        person_id=person,
        language=language,
        zone=zone,
        channel_order=[member(types.Channel, each, "--channel") for each in channel or ()],
        windows=[_window(each) for each in hours or ()],
        source=source,
    )
    async with ask.doors() as doors:
        answer = await doors.people.SetPreference(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=person))


async def cease(person: str, *, medium: str, evidence: str, channel: Several = None, ask: Asking = ASKING) -> None:
    """The person wants to be left alone: by all channels, or by some.

    Parameters
    ----------
    person
        Its id.
    medium
        By what it came, e.g. LETTER, EMAIL, CALL.
    evidence
        Reference of it.
    channel
        Only by this channel.
    """
    channels = [member(types.Channel, each, "--channel") for each in channel or ()]
    request = people.CeaseCommunicationRequest(
        request_id=new_id(), person_id=person, channels=channels, medium=medium, evidence_ref=evidence
    )
    async with ask.doors() as doors:
        answer = await doors.people.CeaseCommunication(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=answer.cease_id))


def _window(text: str) -> persons.TimeWindow:
    """`mon-fri=09:00-18:00`, `sat,sun=10:00-14:00`, `09:00-21:00`."""
    read = _HOURS.fullmatch(text.strip().lower())
    if read is None:
        raise usage(f"--hours is not such as mon-fri=09:00-18:00: {text}")
    days, *clock = read.groups()
    first, last = int(clock[0]) * 60 + int(clock[1]), int(clock[2]) * 60 + int(clock[3])
    return persons.TimeWindow(weekdays=_days(days) if days else (), from_minute=first, until_minute=last)


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS[1:] or (last and last not in DAYS[1:]):
            raise usage(f"--hours names no day of the week: {part}")
        found.extend(range(DAYS.index(first), DAYS.index(last or first) + 1))
    return sorted(set(found))
