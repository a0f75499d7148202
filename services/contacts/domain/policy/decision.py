"""Decision: the whole answer of the policies to one contact at one instant, in a fixed order: evidence, whichever way it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contacts.domain.policy.terms import Basis, Effect, Verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a rule saw."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that does not hold."""

    rule_id: str
    code: str
    effect: Effect
    basis: Basis
    cite: str
    pack: str
    """id@version."""
    facts: tuple[Seen, ...]
    clears_at: datetime | None
    """None: something must happen first."""
    override_grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Obligation:
    """What whoever makes the contact must do."""

    code: str
    detail: str
    rule_id: str
    cite: str
    pack: str


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a limit is used, this contact not counted."""

    rule_id: str
    pack: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class PackUsed:
    pack_id: str
    version: str
    digest: bytes
    holidays: str
    """Library and calendar whose dates it holds; empty: none."""


@dataclass(frozen=True, slots=True)
class Alternative:
    channel: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a pack on trial would have said. It had no effect."""

    pack: str
    digest: bytes
    verdict: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """A supervisor's word that a reason does not stand in the way here, with evidence. Empty: nobody's."""

    ground: str = ""
    evidence_ref: str = ""


NO_OVERRIDE = Override()


@dataclass(frozen=True, slots=True)
class Asking:
    """The contact that was asked for, as the policies saw it."""

    channel: str
    purpose: str
    party: str
    debts: tuple[UUID, ...]
    point_id: UUID | None
    campaign: str
    mode: str
    cli_type: str
    in_reply_to: UUID | None
    grounds: tuple[str, ...]
    override_ground: str
    evidence_ref: str


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Re-run with the same packs on the same versions at the same instant, it has the same bytes."""

    verdict: Verdict
    evaluated_at: datetime
    person_version: int
    case_version: int
    packs_version: int
    asking: Asking
    packs: tuple[PackUsed, ...]
    tzdata: str
    zones: tuple[str, ...]
    evidence: tuple[str, ...]
    """What the zones rest on."""
    reasons: tuple[Reason, ...]
    overridden: tuple[Reason, ...]
    """Reasons that a supervisor went past, on a ground with evidence."""
    warnings: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    limits: tuple[Limit, ...]
    missing_facts: tuple[str, ...]
    needs: tuple[str, ...]
    next_allowed_at: datetime | None
    """If nothing new happens; None: allowed now, or something must happen first."""
    alternatives: tuple[Alternative, ...]
    modes_allowed: tuple[str, ...]
    """Empty: any."""
    shadows: tuple[Shadow, ...]
