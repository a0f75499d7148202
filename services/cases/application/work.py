"""The verbs of who works the cases: teams, agents, and who has which case until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import agent, assigning, case, team
from services.cases.domain.agent import Agent, AgentKind, Skill
from services.cases.domain.assigning import Asker, Standing, Wish
from services.cases.domain.assignment import Requirements, UnassignReason
from services.cases.domain.case import Case
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.team import Team
from services.kernel.facts import Change, Claim

# Teams and agents --------------------------------------------------------------------------------------------------------


def form_team(team_id: UUID, external_ref: str, name: str) -> Change[Team]:
    claim = Claim("team", external_ref)
    return Change(Team, team_id, partial(team.form, external_ref=external_ref, name=name), claims=(claim,))


def register_agent(
    agent_id: UUID, subject: str, kind: AgentKind, languages: Sequence[str], team_ids: Sequence[UUID], cases_max: int
) -> Change[Agent]:
    return Change(
        Agent,
        agent_id,
        partial(agent.register, subject=subject, kind=kind, languages=tuple(languages), cases_max=cases_max),
        given=tuple((Team, team_id) for team_id in dict.fromkeys(team_ids)),
        claims=(Claim("agent", subject),),
    )


def grant_skill(agent_id: UUID, skill: Skill) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.grant_skill, skill=skill))


def revoke_skill(agent_id: UUID, name: str, reason_code: str) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.revoke_skill, name=name, reason_code=reason_code))


def change_languages(agent_id: UUID, languages: Sequence[str]) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.change_languages, languages=tuple(languages)))


def change_capacity(agent_id: UUID, cases_max: int) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.change_capacity, cases_max=cases_max))


def join_team(agent_id: UUID, team_id: UUID) -> Change[Agent]:
    return Change(Agent, agent_id, agent.join_team, given=((Team, team_id),))


def leave_team(agent_id: UUID, team_id: UUID) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.leave_team, team_id=team_id))


def deactivate_agent(agent_id: UUID, reason_code: str) -> Change[Agent]:
    return Change(Agent, agent_id, partial(agent.deactivate, reason_code=reason_code))


def reactivate_agent(agent_id: UUID) -> Change[Agent]:
    return Change(Agent, agent_id, agent.reactivate)


# Cases and who has them ----------------------------------------------------------------------------------------------------


def request_assignment(key: CaseKey, requirements: Requirements, reason_code: str) -> Change[Case]:
    """A team that is asked for must be there."""
    team_ids = () if requirements.team_id is None else (requirements.team_id,)

    def decide(of: Case, *teams: Team) -> None:
        for each in teams:
            agent.must_be_formed(each)
        assigning.request(of, requirements, reason_code)

    return _looking_at(key, decide, *((Team, team_id) for team_id in team_ids))


def assign_case(key: CaseKey, agent_id: UUID, standing: Standing, wish: Wish, by: Asker) -> Change[Case]:
    return _looking_at(key, partial(assigning.assign, standing=standing, wish=wish, by=by), (Agent, agent_id))


def assign_by_rule(key: CaseKey, candidates: Mapping[UUID, Standing], wish: Wish) -> Change[Case]:
    def decide(of: Case, *agents: Agent) -> None:
        assigning.assign_by_rule(of, candidates, agents, wish)

    return _looking_at(key, decide, *((Agent, agent_id) for agent_id in candidates))


def record_given(agent_id: UUID, case_id: UUID) -> Change[Agent]:
    """In the unit that assigns the case, after it."""
    return Change(Agent, agent_id, agent.record_given, given=((Case, case_id),))


def extend_lease(key: CaseKey, agent_id: UUID, minutes: int, by: Asker) -> Change[Case]:
    return _looking_at(key, partial(assigning.extend, minutes=minutes, by=by), (Agent, agent_id))


def unassign_case(key: CaseKey, agent_id: UUID, reason: UnassignReason, by: Asker) -> Change[Case]:
    return _looking_at(key, partial(assigning.unassign, reason=reason, by=by), (Agent, agent_id))


def decline_assignment(key: CaseKey, agent_id: UUID, reason_code: str, by: Asker) -> Change[Case]:
    return _looking_at(key, partial(assigning.decline, reason_code=reason_code, by=by), (Agent, agent_id))


def release_of(key: CaseKey, agent_id: UUID) -> Change[Case]:
    return on_terms(key, partial(assigning.release_of, agent_id=agent_id))


def expire_lease(key: CaseKey) -> Change[Case]:
    return on_terms(key, assigning.expire)


def _looking_at(key: CaseKey, decide: Callable[..., None], *given: tuple[type[Agent] | type[Team], UUID]) -> Change[Case]:
    """On the terms now in force, with agents or teams in view: what the decision saw of them is checked when it is stored."""

    def taken_on(deciding: Case, of: Portfolio, *others: Agent | Team) -> None:
        case.take_on_terms(deciding, of)
        decide(deciding, *others)

    return Change(Case, key.case_id, taken_on, given=((Portfolio, key.portfolio_id), *given))
