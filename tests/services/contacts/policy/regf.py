"""Worked examples of Regulation F as facts, contacts and expected answers: whatever file of that form is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml

from services.contacts.adapters import pack_store
from services.contacts.domain.policy.deciding import decide
from services.contacts.domain.policy.decision import ContactDecision
from services.contacts.domain.policy.facts import (
    Action,
    Attempt,
    Consent,
    Evidence,
    Facts,
    Flag,
    Location,
    PersonalTimes,
    Point,
    Window,
)
from services.contacts.domain.policy.pack import PackInForce
from services.kernel import ids

ROOT = Path(__file__).parents[4]
KEPT = ROOT / "tests" / "data" / "regf" / "regf_examples.yaml"
SHARED = ROOT.parent / "shared" / "data" / "regf" / "regf_examples.yaml"
NEW_YORK = ZoneInfo("America/New_York")
"""Where everything happens that says nothing else."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MEDIA = {"phone": "call", "telephone": "call", "text": "sms", "sms": "sms", "email": "email", "mail": "letter"}
PLACES = {"home_postal": "home", "home_landline": "home", "work_phone": "workplace", "work_email": "workplace", "work_postal": "workplace"}
DAYS = {"MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7}
ANY_OF = ("call", "email")
"""What stands for `any`."""


@dataclass
class Case:
    """What the events before an instant add up to."""

    attempts: list[Attempt] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    times: list[PersonalTimes] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    zones: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)


def the_pack() -> PackInForce:
    document = (ROOT / "data" / "packs" / "us-fed-regf.yaml").read_bytes()
    (candidate,) = pack_store.candidates(document)
    return PackInForce(candidate.pack, candidate.digest)


def examples(path: Path) -> list[dict[str, Any]]:
    said = yaml.safe_load(path.read_text())
    return [*said["examples"], *said["derived_cases"]]


def probes(path: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (f"{example['id']}#{place}", example, probe)
        for example in examples(path)
        for place, probe in enumerate(example.get("probes") or [])
    ]


def the_id(name: object) -> UUID:
    return ids.derived("regf", name)


def instant(said: Any) -> datetime:
    at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return (at if at.tzinfo else at.replace(tzinfo=NEW_YORK)).astimezone(UTC)


# Events -----------------------------------------------------------------------


def case_at(example: dict[str, Any], at: datetime) -> Case:
    case = Case()
    for place, event in enumerate(example.get("events") or []):
        when = instant(event["t"]) if "t" in event else LONG_AGO
        if when <= at:
            take_in(case, event, when, f"{example['id']}/{place}")
    return case


def take_in(case: Case, event: dict[str, Any], when: datetime, name: str) -> None:
    kind = event["type"]
    if found := re.fullmatch(r"(call|email|sms|letter|voicemail|visit)_(in|out)", kind):
        channel = {"voicemail": "call", "visit": "in_person"}.get(found[1], found[1])
        case.attempts.append(attempt_of(event, when, name, channel, found[2]))
    elif kind in ("consent_calls", "prior_consent_calls"):
        case.consents.append(calls_consented(event, when))
    elif kind in ("consent_revoked", "consent_calls_revoked"):
        case.consents = [replace(one, ends_at=when) if one.ends_at is None or one.ends_at > when else one for one in case.consents]
    elif kind == "consent_time":
        case.consents.append(Consent("time", when, windows=windows_of(str(event["rule"])) if "rule" in event else every_hour()))
    elif kind in ("inconvenient_time", "inconvenient_times"):
        case.times.append(times_of(event, when))
    elif kind == "inconvenient_place":
        case.flags.append(
            Flag("inconvenient_place", when, place=event["place"].replace("work", "workplace").replace("placeplace", "place"))
        )
    elif kind in ("stop_medium", "medium_refused"):
        case.flags.append(Flag("stop_medium", when, channels=frozenset({MEDIA[event["medium"]]})))
    elif kind in ("stop_address", "opt_out_address", "opt_out"):
        address = event.get("address") or event.get("number")
        channels = frozenset({MEDIA[event["medium"]]}) if "medium" in event and not address else frozenset()
        case.flags.append(Flag(kind, when, point_id=the_id(address) if address else None, channels=channels))
    elif kind in ("cease_notice", "cease_notice_received", "cease", "refusal_to_pay"):
        received = instant(event["received_at"]) if "received_at" in event else when
        case.flags.append(Flag("cease_notice_received", received, debts=debts_of(event)))
    elif kind == "attorney_known":
        case.flags.append(Flag("attorney_known", when, debts=debts_of(event)))
    elif kind == "workplace_prohibited":
        case.flags.append(Flag("workplace_prohibited", when, place="workplace"))
    elif kind == "number_learned_wrong":
        case.wrong.add(event["number"])
    elif kind == "location_evidence":
        case.zones = [(item["kind"], (item["tz"],)) for item in event["items"]]
    elif kind in ("text_consent", "sms_from_consumer", "reassigned_db_check"):
        case.evidence.append(Evidence(kind, when))
    elif kind not in WITHOUT_EFFECT:
        raise NotImplementedError(f"{name}: nothing here knows the event {kind!r}")


WITHOUT_EFFECT = {"furnish_to_cra", "undeliverable", "validation_notice", "payment", "dispute"}
"""Not about whether somebody may be contacted."""


def attempt_of(event: dict[str, Any], when: datetime, name: str, channel: str, direction: str) -> Attempt:
    debts = debts_of(event, "call_debts") or debts_of(event)
    spoken = debts_of(event, "conversation_debts") or debts
    outbound = direction == "out"
    party = "consumer" if event.get("to", "consumer") == "consumer" else party_of(event["to"])
    number = event.get("number") or event.get("address")
    return Attempt(
        id=the_id(event.get("id", name)),
        at=when,
        channel=channel,
        is_outbound=outbound,
        party=party,
        debts=debts,
        conversation_debts=spoken,
        point_id=the_id(number) if number else None,
        is_connected=event.get("connected", True),
        conversed_at=when if event.get("conversation") else None,
        is_direct=bool(event.get("conversation")),
    )


def party_of(said: str) -> str:
    for known in ("attorney", "creditor"):
        if known in said:
            return known
    return said


def debts_of(event: dict[str, Any], field_name: str = "debts") -> frozenset[UUID]:
    return frozenset(the_id(debt) for debt in event.get(field_name) or ())


def calls_consented(event: dict[str, Any], when: datetime) -> Consent:
    """`scope`: a day that was named; only calls on it are consented to."""
    scope = event.get("scope")
    named = re.search(r"\d{4}-\d{2}-\d{2}", str(scope)) if scope else None
    ends = None
    if named:
        ends = datetime.combine(date.fromisoformat(named[0]) + timedelta(days=1), datetime.min.time(), NEW_YORK).astimezone(UTC)
    return Consent("frequency", when, ends_at=ends, debts=debts_of(event), is_given_to_creditor=event.get("to", "") == "creditor")


def times_of(event: dict[str, Any], when: datetime) -> PersonalTimes:
    source = "creditor_file" if event.get("source") == "creditor_file" else "consumer"
    through = date.fromisoformat(str(event["until"])) if event.get("until") else None
    return PersonalTimes(source, windows_of(str(event["rule"])), False, when, through)


def every_hour() -> tuple[Window, ...]:
    return (Window(frozenset(range(1, 8)), 0, 1440),)


def windows_of(rule: str) -> tuple[Window, ...]:
    """`FREQ=WEEKLY;BYDAY=TU,TH` or `weekdays 15:00-17:00; weekends all day`."""
    if "BYDAY=" in rule:
        days = re.search(r"BYDAY=([A-Z,]+)", rule)
        assert days is not None
        return (Window(frozenset(DAYS[day] for day in days[1].split(",")), 0, 1440),)
    found = []
    for part in rule.split(";"):
        days_said, _, hours = part.strip().partition(" ")
        days_meant = {"weekdays": range(1, 6), "weekends": range(6, 8)}.get(days_said, range(1, 8))
        span = re.search(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", hours or days_said)
        begins, ends = (int(span[1]) * 60 + int(span[2]), int(span[3]) * 60 + int(span[4])) if span else (0, 1440)
        found.append(Window(frozenset(days_meant), begins, ends))
    return tuple(found)


# Probes -----------------------------------------------------------------------


def answers(pack: PackInForce, example: dict[str, Any], probe: dict[str, Any]) -> list[ContactDecision]:
    """One decision for each channel that the probe stands for."""
    at = instant(probe["at"])
    case = case_at(example, at)
    said = str(probe["action"]).removesuffix("_out")
    channels = ANY_OF if said == "any" else ({"letter": "letter", "visit": "in_person"}.get(said, said),)
    return [decide([pack], facts(case, example, probe, channel, at), action(case, example, probe, channel, at), at) for channel in channels]


def facts(case: Case, example: dict[str, Any], probe: dict[str, Any], channel: str, at: datetime) -> Facts:
    """Texts are consented to where an example is not about that."""
    if channel == "sms" and not case.evidence and "text" not in str(example.get("kind")):
        case.evidence.append(Evidence("text_consent", at - timedelta(days=1)))
    if probe.get("after_response"):
        answer_all(case, channel)
    names = {event.get(key) for event in example.get("events") or [] for key in ("number", "address")} | {
        probe.get("address"),
        probe.get("number"),
    }
    points = {the_id(name): Point(the_id(name), place=PLACES.get(name, ""), is_wrong=name in case.wrong) for name in names if name}
    return Facts(
        jurisdiction="US",
        attempts=tuple(sorted(case.attempts, key=lambda attempt: attempt.at)),
        points=points,
        consents=tuple(case.consents),
        personal_times=tuple(case.times),
        flags=tuple(case.flags),
        evidence=tuple(case.evidence),
        location=Location(by_evidence=tuple(case.zones or [("residence", ("America/New_York",))]), country="US"),
    )


def answer_all(case: Case, channel: str) -> None:
    """Each contact that the consumer began has been answered."""
    for began in [one for one in case.attempts if not one.is_outbound]:
        answered = replace(began, id=the_id(f"answer {began.id}"), is_outbound=True, conversed_at=None, replies_to=began.id)
        case.attempts.append(answered)


def action(case: Case, example: dict[str, Any], probe: dict[str, Any], channel: str, at: datetime) -> Action:
    address = probe.get("address") or probe.get("number")
    began = [one for one in case.attempts if not one.is_outbound and one.channel == channel]
    is_answer = "response_to" in probe or (probe.get("after_response") and began)
    to = probe.get("to", "consumer")
    return Action(
        channel=channel,
        debts=debts_of(probe),
        point_id=the_id(address) if address else None,
        party=to if to == "consumer" else party_of(to),
        replies_to=began[-1].id if is_answer and began else None,
        purpose=str(probe.get("purpose", "")).upper(),
    )


def counted_calls(pack: PackInForce, example: dict[str, Any], debt: str) -> int:
    """How many of the history's calls count for a debt at all: by the pack's own rule, looking back over a year, when consents are over."""
    (rule,) = (rule for rule in pack.pack.rules if rule.id == "US.REGF.FREQ.A")
    wide = replace(rule, params={**rule.params, "max": 1_000, "window": {"kind": "calendar_days", "days": 365}})
    later = max(instant(event["t"]) for event in example["events"] if "t" in event) + timedelta(days=60)
    seen = facts(case_at(example, later), example, {}, "call", later)
    asked = Action(channel="call", debts=frozenset({the_id(debt)}))
    decision = decide([PackInForce(replace(pack.pack, rules=(wide,)), pack.digest)], seen, asked, later)
    (limit,) = decision.limits
    return limit.used
