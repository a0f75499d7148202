"""Deciding: the answer in full, from what a tenant has in force, the facts and the contact asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.contacts.domain.policy.clocks import consumer_zones
from services.contacts.domain.policy.decision import (
    NO_OVERRIDE,
    Alternative,
    Asking,
    ContactDecision,
    Limit,
    Override,
    PackUsed,
    Reason,
    Shadow,
)
from services.contacts.domain.policy.evaluation import Outcome, applying, evaluate, next_allowed_at
from services.contacts.domain.policy.facts import Action, Facts
from services.contacts.domain.policy.floor import FLOOR
from services.contacts.domain.policy.pack import Pack, PackInForce
from services.contacts.domain.policy.terms import Basis, Code, Effect, Verdict

ALTERNATIVES = ("call", "sms", "email", "letter")


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the streams that were looked at."""

    person: int = 0
    case: int = 0
    packs: int = 0


NO_VERSIONS = Versions()


def decide(
    in_force: Iterable[PackInForce],
    facts: Facts,
    action: Action,
    at: datetime,
    versions: Versions = NO_VERSIONS,
    override: Override = NO_OVERRIDE,
    tzdata: str = "",
    with_alternatives: bool = True,
    floor: Pack = FLOOR,
) -> ContactDecision:
    """A pure function of its arguments."""
    found = applying(in_force, facts, at)
    packs = [PackInForce(floor, b""), *(one for one in found if not one.is_shadow)]
    outcome = evaluate(packs, facts, action, at)
    if len(packs) == 1:
        _add_no_policy(outcome, floor)
    outcome, overridden = _without_overridden(outcome, override)
    upcoming = next_allowed_at(packs, facts, action, at, outcome) if outcome.reasons and not overridden else None
    return ContactDecision(
        verdict=outcome.verdict,
        evaluated_at=at,
        person_version=versions.person,
        case_version=versions.case,
        packs_version=versions.packs,
        asking=_asking(action, override),
        packs=tuple(_used(one) for one in packs),
        tzdata=tzdata,
        zones=consumer_zones(facts.location),
        evidence=_evidence(facts),
        reasons=tuple(outcome.reasons),
        overridden=tuple(overridden),
        warnings=tuple(outcome.warnings),
        obligations=tuple(outcome.obligations),
        limits=tuple(outcome.limits),
        missing_facts=tuple(sorted(outcome.missing_facts)),
        needs=tuple(sorted(outcome.needs)),
        next_allowed_at=upcoming,
        alternatives=_alternatives(packs, facts, action, at) if outcome.reasons and with_alternatives else (),
        modes_allowed=_modes(packs, action, outcome.limits, bool(outcome.warnings)),
        shadows=tuple(_shadow(one, facts, action, at) for one in found if one.is_shadow),
    )


def _add_no_policy(outcome: Outcome, floor: Pack) -> None:
    """Without a pack nobody has said that contact is allowed: the answer is no."""
    outcome.reasons.append(
        Reason("FLOOR.POLICY", Code.NO_POLICY, Effect.PROHIBIT, Basis.HOUSE_POLICY, "no pack in force applies", floor.ref, (), None, ())
    )
    outcome.needs.add("policy_pack")
    outcome.missing_facts.add("policy_pack")


def _without_overridden(outcome: Outcome, override: Override) -> tuple[Outcome, list[Reason]]:
    if not override.ground or not override.evidence_ref:
        return outcome, []
    past = [reason for reason in outcome.reasons if override.ground in reason.override_grounds]
    return replace(outcome, reasons=[reason for reason in outcome.reasons if reason not in past]), past


def _asking(action: Action, override: Override) -> Asking:
    return Asking(
        channel=action.channel,
        purpose=action.purpose,
        party=action.party,
        debts=tuple(sorted(action.debts)),
        point_id=action.point_id,
        campaign=action.campaign,
        mode=action.mode,
        cli_type=action.cli_type,
        in_reply_to=action.replies_to,
        grounds=tuple(sorted(action.grounds)),
        override_ground=override.ground,
        evidence_ref=override.evidence_ref,
    )


def _used(one: PackInForce) -> PackUsed:
    holidays = one.pack.holidays
    calendar = f"{holidays.library} {holidays.calendar}" if holidays is not None else ""
    return PackUsed(one.pack.id, one.pack.version, one.digest, calendar)


def _evidence(facts: Facts) -> tuple[str, ...]:
    if facts.location.stated_zone:
        return ("stated",)
    return tuple(sorted({name for name, zones in facts.location.by_evidence if zones}))


def _alternatives(packs: Sequence[PackInForce], facts: Facts, action: Action, at: datetime) -> tuple[Alternative, ...]:
    """The other channels, by an address of the person that serves them, or by none in particular."""
    found = []
    for channel in ALTERNATIVES:
        if channel == action.channel:
            continue
        usable = (point.id for point in facts.points.values() if channel in point.channels and not point.is_wrong and not point.is_dead)
        other = replace(action, channel=channel, point_id=min(usable, default=None), mode="", cli_type="", replies_to=None)
        outcome = evaluate(packs, facts, other, at)
        found.append(Alternative(channel, Verdict.DENY if len(packs) == 1 else outcome.verdict))
    return tuple(found)


def _modes(packs: Sequence[PackInForce], action: Action, limits: Sequence[Limit], has_warnings: bool) -> tuple[str, ...]:
    """Dialing modes that all packs allow; the last call that a limit leaves, or one with a warning, is not left to prediction."""
    if action.channel != "call":
        return ()
    allowed: list[str] | None = None
    for one in packs:
        modes = one.pack.modes
        if modes:
            allowed = [mode for mode in (allowed if allowed is not None else modes) if mode in modes]
    if allowed is None:
        return ()
    is_last = has_warnings or any(limit.used + 1 >= limit.limit for limit in limits)
    if is_last and any(one.pack.last_call_mode for one in packs):
        allowed = [mode for mode in allowed if mode != "predictive"]
    return tuple(allowed)


def _shadow(one: PackInForce, facts: Facts, action: Action, at: datetime) -> Shadow:
    outcome = evaluate([one], facts, action, at)
    return Shadow(one.pack.ref, one.digest, outcome.verdict, tuple(outcome.reasons))
