"""Assigning: who gets a case, by a rule that is told or by a person's choice; one worker at a time, by a lease that ends by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.agent import Agent
from services.cases.domain.assignment import (
    AssignmentDeclined,
    AssignmentGround,
    AssignmentLeaseExtended,
    AssignmentRequested,
    CaseAssigned,
    CaseUnassigned,
    Requirements,
    UnassignReason,
    release,
)
from services.cases.domain.closing import CaseIsNotOpen
from services.cases.domain.lifecycle import Lifecycle
from services.kernel.calendar import start_of
from services.kernel.facts import Due
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

RULES_VERSION = "assignment-1"
"""Told with each assignment. Skills, language and team are asked for; among those who may, closeness comes first, then the lesser load."""
LEASE_MINUTES = 1_440
"""Where nobody says how long: a day."""
CASES_MAX = 300
"""How many cases at once, for an agent of whom nothing else is said."""
SENIORS = frozenset({"supervisor", "operator", "system"})
"""Who may give, take and lengthen what is another's."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the subject of a token and its roles."""

    subject: str
    roles: frozenset[str]

    @property
    def is_senior(self) -> bool:
        return bool(self.roles & SENIORS)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an agent beside its own history: how much it has to do, and cases of the same person that it worked before."""

    load: int = 0
    cases_of_person: int = 0
    agent_version: int = 0
    """Of the agent's stream, that the load counts up to: what it was given since comes on top."""

    def now_of(self, agent: Agent) -> Standing:
        return replace(self, load=self.load + agent.given_since(self.agent_version))


@dataclass(frozen=True, slots=True)
class Wish:
    """An assignment as it is asked for. No requirements: those the case was requested with. No minutes: the rule's own."""

    reason_code: str
    requirements: Requirements | None = None
    lease_minutes: int = 0


class CaseIsNotAssigned(Refusal):
    """Nobody has the case."""


class CaseIsAnothers(Refusal):
    """Another agent has the case: one worker at a time."""


class AgentIsInactive(Refusal):
    """The agent works no cases at present."""


class AgentLacksSkill(Refusal):
    """The agent has not the skill that the case asks for, or its certificate has expired."""


class AgentDoesNotSpeak(Refusal):
    """The agent does not speak the language that the case asks for."""


class AgentIsOfAnotherTeam(Refusal):
    """The agent is not in the team that the case asks for."""


class AgentHasTooManyCases(Refusal):
    """The agent has as many cases as it may."""


class AgentsTakeForThemselves(Refusal):
    """An agent takes, keeps and gives back its own cases; those of others are for supervisors."""


class NobodyFits(Refusal):
    """No agent may take the case."""


def request(case: Case, requirements: Requirements, reason_code: str) -> None:
    """The case waits for somebody who fits. The same again: told once."""
    _must_be_open(case)
    if case.assignment.is_requested and case.assignment.requirements == requirements:
        return
    case.tell(
        AssignmentRequested(
            **case.next(),
            skills=requirements.skills,
            language=requirements.language,
            team_id=requirements.team_id,
            reason_code=reason_code,
        )
    )


def assign(case: Case, agent: Agent, standing: Standing, wish: Wish, by: Asker) -> None:
    """To this agent: taken by itself, or chosen by a person. Whoever has it already keeps it as it is."""
    _must_be_open(case)
    agent.must_exist()
    took = agent.subject == by.subject
    if not took and not by.is_senior:
        raise AgentsTakeForThemselves
    holder = case.assignment.holder_at(case.now)
    if holder == agent.id:
        return
    if holder is not None and not by.is_senior:
        raise CaseIsAnothers(agent_id=holder)
    wanted, standing = wish.requirements or case.assignment.requirements, standing.now_of(agent)
    refusal = misfit(agent, wanted, standing, case)
    if refusal is not None:
        raise refusal
    says = f"{'taken by the agent' if took else 'chosen by a person'}; {_standing(standing)}"
    ground = AssignmentGround("TOOK" if took else "CHOSEN", says, standing.cases_of_person, standing.load)
    _give(case, agent, ground, wish, wanted)


def assign_by_rule(case: Case, candidates: Mapping[UUID, Standing], agents: Iterable[Agent], wish: Wish) -> None:
    """To the one the rule chooses among the candidates. Somebody's case stays theirs."""
    _must_be_open(case)
    if case.assignment.holder_at(case.now) is not None:
        return
    wanted = wish.requirements or case.assignment.requirements
    agents = list(agents)
    candidates = {agent.id: candidates[agent.id].now_of(agent) for agent in agents}
    fitting: list[Agent] = []
    misfits: Counter[str] = Counter()
    for agent in agents:
        refusal = misfit(agent, wanted, candidates[agent.id], case)
        if refusal is not None:
            misfits[refusal.reason.lower()] += 1
        elif agent.id in case.assignment.declined_by:
            misfits["has_declined"] += 1
        else:
            fitting.append(agent)
    if not fitting:
        raise NobodyFits(**misfits)
    best = min(fitting, key=lambda agent: (-candidates[agent.id].cases_of_person, candidates[agent.id].load, agent.id))
    _give(case, best, _ground(best, fitting, candidates, wanted), wish, wanted)


def extend(case: Case, agent: Agent, minutes: int, by: Asker) -> None:
    """So long from now on, and no longer than the certificates count. A lease is never shortened so."""
    _must_be_open(case)
    _must_be_its(case, agent, by)
    before = case.assignment.lease_until
    until = _lease_end(case, agent, minutes, case.assignment.requirements)
    if before is not None and until > before:
        case.tell(AssignmentLeaseExtended(**case.next(), agent_id=agent.id, before=before, lease_until=until))


def unassign(case: Case, agent: Agent, reason: UnassignReason, by: Asker) -> None:
    """Given back, or taken away by a senior. Nobody's already: told once."""
    case.must_exist()
    if case.assignment.agent_id is None:
        return
    if reason is UnassignReason.LEASE_EXPIRED and case.assignment.holder_at(case.now) is not None:
        raise IsInvalid("reason", "is told by the clock alone: the lease has not ended")
    _must_be_its(case, agent, by)
    case.tell(CaseUnassigned(**case.next(), agent_id=agent.id, reason=reason))


def decline(case: Case, agent: Agent, reason_code: str, by: Asker) -> None:
    """The agent will not do it: the rule chooses it for this case no more."""
    case.must_exist()
    _must_be_its(case, agent, by)
    case.tell(AssignmentDeclined(**case.next(), agent_id=agent.id, reason_code=reason_code))


def release_of(case: Case, agent_id: UUID) -> None:
    """The agent was deactivated: what is still its own is given back."""
    if case.assignment.agent_id == agent_id:
        release(case, UnassignReason.AGENT_DEACTIVATED)


def expire(case: Case) -> None:
    """The lease has run out: the case is free again."""
    if case.assignment.agent_id is not None and case.assignment.holder_at(case.now) is None:
        release(case, UnassignReason.LEASE_EXPIRED)


def due(case: Case) -> Iterable[Due]:
    if case.assignment.lease_until is not None:
        yield Due("assignment.lease", case.assignment.lease_until)


# Who fits ----------------------------------------------------------------------------------------------------------------


def misfit(agent: Agent, wanted: Requirements, standing: Standing, case: Case) -> Refusal | None:
    """Why this agent may not have the case; None: it may. Skills count through the last day of their certificate."""
    if not agent.is_active:
        return AgentIsInactive(agent_id=agent.id)
    for skill in wanted.skills:
        if not agent.has_skill(skill, case.today):
            held = agent.skills.get(skill)
            return AgentLacksSkill(skill=skill, expired_on=held.expires_on) if held else AgentLacksSkill(skill=skill)
    if wanted.language and wanted.language not in agent.languages:
        return AgentDoesNotSpeak(language=wanted.language)
    if wanted.team_id is not None and wanted.team_id not in agent.team_ids:
        return AgentIsOfAnotherTeam(team_id=wanted.team_id)
    if standing.load >= (agent.cases_max or CASES_MAX):
        return AgentHasTooManyCases(cases_max=agent.cases_max or CASES_MAX)
    return None


def _ground(best: Agent, fitting: Sequence[Agent], candidates: Mapping[UUID, Standing], wanted: Requirements) -> AssignmentGround:
    """The first thing that told the best apart from the others who fit."""
    standing, others = candidates[best.id], [candidates[agent.id] for agent in fitting if agent is not best]
    if standing.cases_of_person and all(other.cases_of_person < standing.cases_of_person for other in others):
        rule, why = "CLOSENESS", "knows the person best"
    elif others:
        rule, why = "LOAD", "has least to do of those who know the person equally well"
    elif wanted.skills:
        rule, why = "SKILL", f"the only one with {', '.join(wanted.skills)}"
    elif wanted.language:
        rule, why = "LANGUAGE", f"the only one who speaks {wanted.language}"
    else:
        rule, why = "LOAD", "the only one with room"
    says = f"{why}, of {len(fitting)} who fit; {_standing(standing)}"
    return AssignmentGround(rule, says, standing.cases_of_person, standing.load)


def _standing(standing: Standing) -> str:
    return f"worked {standing.cases_of_person} cases of the person before, has {standing.load} now"


# Giving ------------------------------------------------------------------------------------------------------------------


def _give(case: Case, agent: Agent, ground: AssignmentGround, wish: Wish, wanted: Requirements) -> None:
    lease_until = _lease_end(case, agent, wish.lease_minutes or LEASE_MINUTES, wanted)
    expire(case)
    release(case, UnassignReason.REASSIGNED)
    if wanted != case.assignment.requirements:
        request(case, wanted, wish.reason_code)
    case.tell(
        CaseAssigned(
            **case.next(),
            agent_id=agent.id,
            kind=agent.kind,
            team_id=wanted.team_id,
            reason_code=wish.reason_code,
            ground=ground,
            lease_until=lease_until,
            rule_version=RULES_VERSION,
        )
    )


def _lease_end(case: Case, agent: Agent, minutes: int, wanted: Requirements) -> datetime:
    """No later than the midnight after the last day of a certificate that the case asks for."""
    zone = case.terms.zone_at(case.now)
    expiries = [agent.skills[skill].expires_on for skill in wanted.skills if skill in agent.skills]
    ends = [start_of(day + timedelta(days=1), zone) for day in expiries if day is not None]
    return min([case.now + timedelta(minutes=minutes), *ends])


def _must_be_open(case: Case) -> None:
    case.must_be_workable()
    if case.lifecycle is not Lifecycle.OPEN:
        raise CaseIsNotOpen


def _must_be_its(case: Case, agent: Agent, by: Asker) -> None:
    """`agent`: who had the case when it was asked for."""
    holder = case.assignment.holder_at(case.now)
    if holder is None:
        raise CaseIsNotAssigned
    if agent.id != holder:
        raise CaseIsAnothers(agent_id=holder)
    if agent.subject != by.subject and not by.is_senior:
        raise AgentsTakeForThemselves
