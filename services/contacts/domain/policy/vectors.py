"""Vectors: what a pack says of itself by examples. A pack that fails one of its own is not published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.contacts.domain.policy.deciding import decide
from services.contacts.domain.policy.decision import NO_OVERRIDE, ContactDecision, Override
from services.contacts.domain.policy.facts import Action, Facts
from services.contacts.domain.policy.pack import Pack, PackInForce
from services.contacts.domain.policy.terms import Verdict


@dataclass(frozen=True, slots=True)
class Expected:
    """What is not said is not asked for."""

    is_allowed: bool
    rules: frozenset[str] = frozenset()
    """Ids of rules that must be among the reasons."""
    warnings: frozenset[str] = frozenset()
    obligations: frozenset[str] = frozenset()
    """Codes."""
    code: str = ""
    next_allowed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A person, a contact, an instant, and what the pack must say."""

    name: str
    facts: Facts
    action: Action
    at: datetime
    expected: Expected
    override: Override = NO_OVERRIDE

    def decide(self, pack: Pack, digest: bytes) -> ContactDecision:
        return decide([PackInForce(pack, digest)], self.facts, self.action, self.at, override=self.override, with_alternatives=False)

    def differs(self, pack: Pack, digest: bytes) -> str:
        """In what the pack's answer is another one; empty: in nothing."""
        return difference(self.decide(pack, digest), self.expected)


def difference(decision: ContactDecision, expected: Expected) -> str:
    reasons = {reason.rule_id: reason.code for reason in decision.reasons}
    is_allowed = decision.verdict is not Verdict.DENY
    if is_allowed != expected.is_allowed:
        return f"{_word(is_allowed)} instead of {_word(expected.is_allowed)}" + (f" ({', '.join(sorted(reasons))})" if reasons else "")
    for what, wanted, found in (
        ("rules", expected.rules, reasons.keys()),
        ("warnings", expected.warnings, {reason.rule_id for reason in decision.warnings}),
        ("obligations", expected.obligations, {owed.code for owed in decision.obligations}),
    ):
        lacking = wanted - set(found)
        if lacking:
            return f"{what} without {', '.join(sorted(lacking))}"
    if expected.code and expected.code not in reasons.values():
        return f"codes {', '.join(sorted(reasons.values()))} without {expected.code}"
    if expected.next_allowed_at is not None and decision.next_allowed_at != expected.next_allowed_at:
        return f"next allowed at {decision.next_allowed_at} instead of {expected.next_allowed_at}"
    return ""


def _word(is_allowed: bool) -> str:
    return "allow" if is_allowed else "deny"
