"""Rules of holds: what each kind stops, how long it may, and who may lift it. Data that the law may change, in one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.cases.domain.holds import HoldKind, HoldScope

VERSIONS: Sequence[tuple[date, str]] = ((date.min, "holds-1"),)
"""From which day on which version of the list below is in force. Whoever changes the list adds a line here."""


@dataclass(frozen=True, slots=True)
class HoldRule:
    """One kind. `scopes`: what it stops where nothing is said; `must_stop`: what it stops in any case; `days_max`: its longest time."""

    scopes: frozenset[HoldScope]
    must_stop: frozenset[HoldScope]
    days_max: int | None
    lifted_by: frozenset[str]
    citation: str = ""


_CONTACT, _TREATMENT, _INTEREST, _DPD = HoldScope.CONTACT, HoldScope.TREATMENT, HoldScope.INTEREST, HoldScope.DPD
_BREACH, _ENFORCEMENT, _REPORTING = HoldScope.BREACH_CLOCK, HoldScope.ENFORCEMENT, HoldScope.REPORTING
_STATUTORY = frozenset({_CONTACT, _TREATMENT, _INTEREST, _ENFORCEMENT})
_SENIORS = frozenset({"supervisor", "compliance"})
_ANYBODY = frozenset({"agent", "supervisor", "compliance", "operator", "system"})


def _rule(
    stops: set[HoldScope], must_stop: set[HoldScope], days_max: int | None, lifted_by: frozenset[str], citation: str = ""
) -> HoldRule:
    return HoldRule(frozenset(stops), frozenset(must_stop), days_max, lifted_by, citation)


RULES: Mapping[HoldKind, HoldRule] = {
    HoldKind.STATUTORY_BREATHING_SPACE: HoldRule(
        _STATUTORY | {_DPD, _BREACH}, _STATUTORY, 60, frozenset({"compliance"}), "UK SI 2020/1311 regs 7, 26"
    ),
    HoldKind.MENTAL_HEALTH_CRISIS: HoldRule(
        _STATUTORY | {_DPD, _BREACH}, _STATUTORY, None, frozenset({"compliance"}), "UK SI 2020/1311 regs 28, 32"
    ),
    # Only undisputed debt may be told to a file of defaulters (ES LOPDGDD art. 20.1.b).
    HoldKind.DISPUTE: _rule({_TREATMENT, _ENFORCEMENT, _REPORTING}, {_TREATMENT, _REPORTING}, None, _SENIORS, "ES LOPDGDD art. 20"),
    # A measure may stop the interest alone.
    HoldKind.HARDSHIP_REVIEW: _rule({_TREATMENT, _BREACH, _ENFORCEMENT}, set(), 90, _SENIORS),
    HoldKind.VULNERABILITY: _rule({_CONTACT, _TREATMENT}, {_TREATMENT}, None, _SENIORS),
    HoldKind.DECEASED: _rule({_CONTACT, _TREATMENT, _BREACH, _ENFORCEMENT}, {_CONTACT, _TREATMENT}, None, _SENIORS),
    HoldKind.INSOLVENCY: _rule(
        {_CONTACT, _TREATMENT, _INTEREST, _BREACH, _ENFORCEMENT}, {_TREATMENT, _ENFORCEMENT}, None, frozenset({"compliance"})
    ),
    HoldKind.LEGAL: _rule({_CONTACT, _TREATMENT}, set(), None, _SENIORS),
    HoldKind.CLIENT_REQUEST: _rule({_CONTACT, _TREATMENT}, set(), 366, _SENIORS | {"operator"}),
    HoldKind.COMPLAINT: _rule({_CONTACT, _TREATMENT}, set(), 120, _SENIORS),
    HoldKind.PAYMENT_IN_FLIGHT: _rule({_TREATMENT, _BREACH}, set(), 10, _ANYBODY),
    HoldKind.DATA_QUALITY: _rule({_CONTACT, _TREATMENT, _REPORTING}, set(), 90, _ANYBODY),
    HoldKind.CLIENT_QUERY: _rule({_TREATMENT, _REPORTING}, set(), 90, _ANYBODY),
}


def version_on(day: date) -> str:
    return next(version for since, version in reversed(VERSIONS) if since <= day)
