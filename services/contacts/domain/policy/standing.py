"""Standing: what stands in the way, must have been, or must be done, whatever the hour and the count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from services.contacts.domain.policy.asking import Answer, Asked, Finding, Owed
from services.contacts.domain.policy.facts import CONSUMER, Flag
from services.contacts.domain.policy.terms import Code


def flag_block(asked: Asked) -> Answer:
    """Nothing while one of the flags stands for the person, a debt, the channel, the address or the place."""
    flags, scope = asked.rule.params["flags"], asked.rule.params["scope"]
    standing = sorted(_standing(asked, flags, scope), key=lambda flag: (flag.name, flag.known_at))
    if not standing:
        return None
    ends = [flag.ends_at for flag in standing]
    clears = None if None in ends else max(end for end in ends if end is not None)
    first = standing[0]
    seen = (("flag", first.name), ("since", first.known_at.date().isoformat()))
    return Finding(CODES.get(first.name, Code.PERSON_PROTECTED), seen, clears, "" if clears else f"end_of:{first.name}")


def _standing(asked: Asked, flags: frozenset[str], scope: frozenset[str]) -> Iterator[Flag]:
    for flag in asked.facts.flags:
        is_on = flag.known_at <= asked.at and (flag.ends_at is None or asked.at < flag.ends_at)
        if is_on and flag.name in flags and _is_about(asked, flag, scope):
            yield flag


def _is_about(asked: Asked, flag: Flag, scope: frozenset[str]) -> bool:
    """A flag that names no debt, case, channel, address or place stands for all of them."""
    action = asked.action
    if flag.case_ids and action.case_id not in flag.case_ids:
        return False
    if flag.debts and action.debts and not flag.debts & action.debts:
        return False
    if flag.channels and action.channel not in flag.channels:
        return False
    if flag.point_id is not None and flag.point_id != action.point_id:
        return False
    if "place" in scope:
        point = asked.facts.points.get(action.point_id) if action.point_id else None
        return point is not None and bool(point.place) and point.place == (flag.place or "workplace")
    return True


def allow_list(asked: Asked) -> Answer:
    """Only channels that the person authorised."""
    standing = [
        consent for consent in asked.facts.consents if consent.kind == "contact" and consent.channels and consent.stands_at(asked.at)
    ]
    if any(consent.covers(asked.action) for consent in standing):
        return None
    return Finding(Code.CHANNEL_NOT_AUTHORISED, (("channel", asked.action.channel),), needs=f"authorisation_of:{asked.action.channel}")


def party_block(asked: Asked) -> Answer:
    """Not with these parties; or, where the rule says so, only with an obligation."""
    if asked.action.party not in asked.rule.params["parties"]:
        return None
    if asked.rule.params.get("obligation"):
        return Owed(asked.rule.params["obligation"], asked.action.party)
    return Finding(Code.THIRD_PARTY, (("party", asked.action.party),), needs="other_party")


def freshness(asked: Asked) -> Answer:
    """One of these must have been seen within so many days, for the address that is used."""
    names, age = asked.rule.params["any_of"], timedelta(days=asked.rule.params["max_age_days"])
    latest: datetime | None = None
    for seen in asked.facts.evidence:
        is_of_this = seen.point_id is None or asked.action.point_id is None or seen.point_id == asked.action.point_id
        if seen.name in names and is_of_this and seen.at <= asked.at:
            latest = seen.at if latest is None else max(latest, seen.at)
    if latest is not None and asked.at < latest + age:
        return None
    told = (("seen_last", latest.date().isoformat() if latest else "never"), ("max_age_days", str(asked.rule.params["max_age_days"])))
    return Finding(Code.CONSENT_STALE, told, needs="|".join(sorted(names)))


def precondition(asked: Asked) -> Answer:
    """Something must have been done first, where the case asks for it, and so many days ago."""
    when = asked.rule.params.get("when")
    if when and when not in asked.facts.circumstances:
        return None
    required = asked.rule.params["requires"]
    done = [seen.at for seen in asked.facts.evidence if seen.name == required and seen.at <= asked.at]
    if not done:
        return Finding(Code.NOTICE_MISSING, (("requires", required),), needs=required)
    ready = min(done) + timedelta(days=asked.rule.params.get("wait_days", 0))
    return None if ready <= asked.at else Finding(Code.NOTICE_WAIT, (("requires", required),), ready)


def obligation(asked: Asked) -> Answer:
    return Owed(asked.rule.params["code"])


def cli_type(asked: Asked) -> Answer:
    """What kind of number may be shown. Where the caller does not say which it will show, the permit says which it may."""
    allowed, forbidden = asked.rule.params["allow"], asked.rule.params["forbid"]
    shown = asked.action.cli_type
    if not shown:
        return Owed("USE_CALLER_ID", ",".join(sorted(allowed)))
    if shown in forbidden or (allowed and shown not in allowed):
        return Finding(Code.CLI_TYPE, (("cli_type", shown), ("allowed", ",".join(sorted(allowed)))), needs="other_caller_id")
    return None


CODES: Mapping[str, str] = {
    "attorney_known": Code.ATTORNEY,
    "case_closed": Code.CASE_CLOSED,
    "cease_notice_received": Code.CEASE_ACTIVE,
    "dispute_open": Code.DISPUTE_OPEN,
    "hold": Code.HOLD_ACTIVE,
    "inconvenient_place": Code.PERSONAL_PLACE,
    "invalid_address": Code.ADDRESS_WRONG,
    "moratorium": Code.MORATORIUM,
    "not_a_party": Code.THIRD_PARTY,
    "opt_out_address": Code.ADDRESS_OPTED_OUT,
    "stop_address": Code.ADDRESS_OPTED_OUT,
    "stop_medium": Code.MEDIUM_STOPPED,
    "workplace_prohibited": Code.WORKPLACE,
    "wrong_address": Code.ADDRESS_WRONG,
}
PARTIES_KNOWN = frozenset(
    {
        CONSUMER,
        "third_party",
        "attorney",
        "creditor",
        "relative",
        "workplace",
        "personal_reference",
        "guarantor",
        "co_debtor",
        "representative",
    }
)
