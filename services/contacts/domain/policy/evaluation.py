"""Evaluation: all rules of all packs that apply, none skipped, the strictest winning, the reasons in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.contacts.domain.policy.asking import Asked, Finding, Owed, Used, missing
from services.contacts.domain.policy.clocks import day_of, zones_of
from services.contacts.domain.policy.decision import Limit, Obligation, Reason, Seen
from services.contacts.domain.policy.exceptions import is_excepted, lifted_from
from services.contacts.domain.policy.facts import Action, Facts
from services.contacts.domain.policy.pack import Pack, PackInForce, Rule
from services.contacts.domain.policy.primitives import PRIMITIVES
from services.contacts.domain.policy.terms import Effect, Verdict

NEXT_ALLOWED_DAYS_MAX = 60
NEXT_ALLOWED_STEPS_MAX = 500
READS_A_CLOCK = frozenset({"time_windows", "personal_times", "cooldown"})
BY_THE_CALENDAR = frozenset({"calendar_days", "iso_week", "calendar_month"})
NO_CLOCK = ("UTC",)
"""For rules that need none: they find the same by any."""


@dataclass(slots=True)
class Outcome:
    """What the packs say at one instant."""

    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    missing_facts: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)

    @property
    def verdict(self) -> Verdict:
        if self.reasons:
            return Verdict.DENY
        return Verdict.ALLOW_WITH_OBLIGATIONS if self.obligations else Verdict.ALLOW

    @property
    def clears_at(self) -> datetime | None:
        """The latest at which a reason clears; None where one never does by itself."""
        ends = [reason.clears_at for reason in self.reasons]
        return None if None in ends or not ends else max(end for end in ends if end is not None)


def applying(packs: Iterable[PackInForce], facts: Facts, at: datetime) -> list[PackInForce]:
    """Those whose law, place and circumstances are the case's; by id. An attribute that is not known never keeps a pack away."""
    found = [one for one in packs if _applies(one.pack, facts, at)]
    return sorted(found, key=lambda one: (one.pack.id, one.pack.version))


def _applies(pack: Pack, facts: Facts, at: datetime) -> bool:
    zones = zones_of(pack.clock, facts.location) or ("UTC",)
    if not any(pack.is_valid_on(day_of(at, zone)) for zone in zones):
        return False
    if not _is_there(pack, facts):
        return False
    return all(
        "any" in wanted or name not in facts.attributes or facts.attributes[name] in wanted for name, wanted in pack.applies_when.items()
    )


def _is_there(pack: Pack, facts: Facts) -> bool:
    """The law of the debts, or of where the person lives: both bind."""
    if pack.country == "any":
        return True
    country, _, subdivision = facts.jurisdiction.partition("-")
    lives = facts.location
    return (country == pack.country and pack.subdivision in ("", subdivision)) or (
        lives.country == pack.country and pack.subdivision in ("", lives.subdivision)
    )


def evaluate(packs: Sequence[PackInForce], facts: Facts, action: Action, at: datetime) -> Outcome:
    """All rules of the packs given, which are taken to apply."""
    outcome = Outcome()
    for one in packs:
        zones = zones_of(one.pack.clock, facts.location)
        for rule in one.pack.rules:
            if rule.speaks_of(action.channel):
                _put(Asked(one.pack, rule, facts, action, at, zones), outcome)
    outcome.reasons.sort(key=_order)
    outcome.warnings.sort(key=_order)
    outcome.obligations.sort(key=lambda owed: (owed.code, owed.rule_id, owed.pack))
    outcome.limits.sort(key=lambda limit: (limit.rule_id, limit.pack))
    return outcome


def _put(asked: Asked, outcome: Outcome) -> None:
    if is_excepted(asked):
        return
    rule = asked.rule
    if not asked.zones and reads_a_clock(rule):
        answer: Finding | Owed | Used | None = missing("location")
    else:
        answer = PRIMITIVES[rule.primitive](asked if asked.zones else replace(asked, zones=NO_CLOCK))
    if isinstance(answer, Used):
        outcome.limits.append(Limit(rule.id, asked.pack.ref, answer.used, answer.limit))
    elif isinstance(answer, Owed):
        outcome.obligations.append(Obligation(answer.code, answer.detail, rule.id, rule.cite, asked.pack.ref))
    elif answer is not None:
        lifted = lifted_from(asked, answer.clears_at) if asked.zones else None
        _found(asked.pack, rule, answer if lifted is None else replace(answer, clears_at=lifted, needs=""), outcome)


def reads_a_clock(rule: Rule) -> bool:
    """Whether its answer depends on where the person is."""
    by_window = rule.params.get("window", {}).get("kind") in BY_THE_CALENDAR
    return by_window or rule.primitive in READS_A_CLOCK or "consent_calls_7d" in rule.excluded


def _found(pack: Pack, rule: Rule, found: Finding, outcome: Outcome) -> None:
    reason = Reason(
        rule.id,
        found.code,
        rule.effect,
        rule.basis,
        rule.cite,
        pack.ref,
        tuple(Seen(name, value) for name, value in found.facts),
        found.clears_at,
        rule.override_grounds,
    )
    if rule.effect is Effect.WARN:
        outcome.warnings.append(reason)
        return
    # What is required and does not hold stands in the way like what is prohibited.
    outcome.reasons.append(reason)
    if found.needs:
        outcome.needs.add(found.needs)
    if found.missing:
        outcome.missing_facts.add(found.missing)


def _order(reason: Reason) -> tuple[int, str, str]:
    return (reason.effect.value, reason.rule_id, reason.pack)


def next_allowed_at(packs: Sequence[PackInForce], facts: Facts, action: Action, at: datetime, first: Outcome) -> datetime | None:
    """The first instant at which nothing stands in the way, if nothing new happens; None: not within 60 days, or not by itself.

    Each step goes to the latest instant at which a reason clears: before it that reason stands, so nothing is passed over.
    """
    outcome, t, limit = first, at, at + timedelta(days=NEXT_ALLOWED_DAYS_MAX)
    for _ in range(NEXT_ALLOWED_STEPS_MAX):
        if not outcome.reasons:
            return t
        clears = outcome.clears_at
        if clears is None or clears <= t or clears > limit:
            return None
        t = clears
        outcome = evaluate(packs, facts, action, t)
    return None
