"""Exceptions: contacts that do not count, and what lifts a rule. Closed sets: a pack that names another is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.contacts.domain.policy.asking import Asked
from services.contacts.domain.policy.clocks import day_of, start_of_day, suits, turns_of
from services.contacts.domain.policy.facts import Attempt, Consent

NOT_THE_CONSUMER = frozenset({"attorney", "creditor"})
CONSENT_DAYS = 7

# Contacts that do not count ------------------------------------------------------


def is_excluded(asked: Asked, attempt: Attempt) -> bool:
    """Whether the rule does not count this attempt."""
    return any(EXCLUDED[name](asked, attempt) for name in asked.rule.excluded)


def is_put_to(asked: Asked) -> bool:
    """Whether the rule is put to the contact that is asked for: what would not count is not limited either."""
    action = asked.action
    if "to_attorney_or_creditor" in asked.rule.excluded and action.party in NOT_THE_CONSUMER:
        return False
    return not ("consent_calls_7d" in asked.rule.excluded and _consents_at(asked, asked.at, action.debts))


def _not_connected(asked: Asked, attempt: Attempt) -> bool:
    return not attempt.is_connected


def _to_attorney_or_creditor(asked: Asked, attempt: Attempt) -> bool:
    return attempt.party in NOT_THE_CONSUMER


def _wrong_number_learned(asked: Asked, attempt: Attempt) -> bool:
    point = asked.facts.points.get(attempt.point_id) if attempt.point_id else None
    return point is not None and point.is_wrong


def _consent_calls_7d(asked: Asked, attempt: Attempt) -> bool:
    return _consents_at(asked, attempt.at, attempt.debts)


def _consents_at(asked: Asked, at: datetime, debts: frozenset[UUID]) -> bool:
    """Whether a consent to more calls stands at that instant for one of these debts (12 CFR 1006.14(b)(3)(i))."""
    return any(
        consent.kind == "frequency"
        and not consent.is_given_to_creditor
        and (not consent.debts or not debts or bool(consent.debts & debts))
        and (not consent.channels or asked.action.channel in consent.channels)
        and (not consent.case_ids or asked.action.case_id in consent.case_ids)
        and consent.given_at <= at
        and _still_stands(asked, consent, at)
        for consent in asked.facts.consents
    )


def _still_stands(asked: Asked, consent: Consent, at: datetime) -> bool:
    """Within seven days, the first being the date of receipt; not past its own end; ended by a conversation about the debt."""
    if consent.ends_at is not None and at >= consent.ends_at:
        return False
    for zone in asked.zones:
        if at >= start_of_day(day_of(consent.given_at, zone) + timedelta(days=CONSENT_DAYS), zone):
            return False
    return not any(
        attempt.conversed_at is not None
        # Not the conversation in which it was given, and not yet for the call that came to be that conversation.
        and consent.given_at < attempt.at < at
        and (not consent.debts or not spoken_of(attempt) or bool(spoken_of(attempt) & consent.debts))
        for attempt in asked.facts.attempts
    )


def spoken_of(attempt: Attempt) -> frozenset[UUID]:
    """The debts of its conversation; empty: any."""
    return attempt.conversation_debts or attempt.debts


# What lifts a rule ----------------------------------------------------------------


def is_excepted(asked: Asked) -> bool:
    """Whether something lifts the rule for the contact that is asked for."""
    return any(EXCEPTED[name](asked) for name in asked.rule.excepted)


def lifted_from(asked: Asked, until: datetime | None) -> datetime | None:
    """The first instant after now at which hours that the person consented to lift the rule, before `until`; None: they do not."""
    if not BY_HOURS & set(asked.rule.excepted):
        return None
    windows = [window for consent in asked.facts.consents if consent.kind in HOURS for window in consent.windows]
    if not windows:
        return None
    last = asked.at + timedelta(days=LOOK_AHEAD_DAYS) if until is None else until
    day = min(day for _, day in asked.days())
    while start_of_day(day, asked.zones[0]) <= last + timedelta(days=1):
        for turn in sorted({turn for zone in asked.zones for turn in turns_of(windows, day, zone)}):
            if asked.at < turn < last and is_excepted(replace(asked, at=turn)):
                return turn
        day += timedelta(days=1)
    return None


def _stated(ground: str) -> Callable[[Asked], bool]:
    """The caller states it and answers for it; it is recorded with the decision."""
    return lambda asked: ground in asked.action.grounds


def _reply_once_same_medium(asked: Asked) -> bool:
    """One answer, by the same medium, to each contact that the person began."""
    answered = asked.action.replies_to
    if answered is None:
        return False
    began = next((one for one in asked.facts.attempts if one.id == answered and not one.is_outbound), None)
    if began is None or began.at > asked.at or began.channel != asked.action.channel:
        return False
    return not any(one.is_outbound and one.replies_to == answered for one in asked.facts.attempts)


def _consent_of(*kinds: str, instrument: str = "", by_hours: bool = False) -> Callable[[Asked], bool]:
    def is_given(asked: Asked) -> bool:
        return any(
            consent.kind in kinds
            and not consent.is_given_to_creditor
            and (not instrument or consent.instrument == instrument)
            and consent.stands_at(asked.at)
            and consent.covers(asked.action)
            and (not by_hours or _covers_hours(consent, asked))
            for consent in asked.facts.consents
        )

    return is_given


def _covers_hours(consent: Consent, asked: Asked) -> bool:
    """Hours that are not named are not consented to."""
    return bool(consent.windows) and all(suits(consent.windows, asked.at, zone) for zone in asked.zones)


HOURS = ("hours", "time")
BY_HOURS = frozenset({"consumer_requested_time", "prior_consent_time", "separate_written_authorisation_hours"})
"""Exceptions that come and go with the hours of a day."""
LOOK_AHEAD_DAYS = 62
"""Beyond the 60 days within which a next instant is sought."""
EXCLUDED: Mapping[str, Callable[[Asked, Attempt], bool]] = {
    "consent_calls_7d": _consent_calls_7d,
    "not_connected": _not_connected,
    "to_attorney_or_creditor": _to_attorney_or_creditor,
    "wrong_number_learned": _wrong_number_learned,
}
EXCEPTED: Mapping[str, Callable[[Asked], bool]] = {
    "attorney_consents": _stated("attorney_consents"),
    "attorney_unresponsive": _stated("attorney_unresponsive"),
    "consumer_requested_time": _consent_of(*HOURS, by_hours=True),
    "court_permission": _stated("court_permission"),
    "legally_required_medium": _stated("legally_required_medium"),
    "opt_out_confirmation_once": _stated("opt_out_confirmation_once"),
    "prior_consent_time": _consent_of(*HOURS, by_hours=True),
    "reply_once_same_medium": _reply_once_same_medium,
    "separate_written_authorisation_hours": _consent_of("hours", instrument="SEPARATE_DOCUMENT", by_hours=True),
    "terminate_efforts_or_remedy_notice": _stated("terminate_efforts_or_remedy_notice"),
}
