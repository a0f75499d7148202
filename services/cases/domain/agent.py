"""Agents (gestores): people, bots and agencies who work cases: their skills, languages, teams, and until when certificates count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.team import Team, TeamIsUnknown
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

SKILLS_PER_AGENT_MAX = 100
TEAMS_PER_AGENT_MAX = 20
GIVEN_KEPT_MAX = 2_000
"""The newest: more are not given between a look at the tables and a decision."""

# What happened ---------------------------------------------------------------


class AgentKind(Enum):
    """What works the case."""

    HUMAN = "HUMAN"
    BOT = "BOT"
    AGENCY = "AGENCY"


class AgentRegistered(Fact):
    subject: str
    kind: AgentKind
    languages: tuple[str, ...]
    team_ids: tuple[UUID, ...]
    cases_max: int

    def apply(self, agent: Agent) -> None:
        agent.subject = self.subject
        agent.kind = self.kind
        agent.languages = self.languages
        agent.team_ids = set(self.team_ids)
        agent.cases_max = self.cases_max
        agent.is_active = True


class AgentSkillGranted(Fact):
    skill: str
    certificate_ref: str
    expires_on: date | None

    def apply(self, agent: Agent) -> None:
        agent.skills[self.skill] = Skill(self.skill, self.certificate_ref, self.expires_on)


class AgentSkillRevoked(Fact):
    skill: str
    reason_code: str

    def apply(self, agent: Agent) -> None:
        del agent.skills[self.skill]


class AgentLanguagesChanged(Fact):
    languages: tuple[str, ...]

    def apply(self, agent: Agent) -> None:
        agent.languages = self.languages


class AgentCapacityChanged(Fact):
    cases_max: int

    def apply(self, agent: Agent) -> None:
        agent.cases_max = self.cases_max


class AgentJoinedTeam(Fact):
    team_id: UUID

    def apply(self, agent: Agent) -> None:
        agent.team_ids.add(self.team_id)


class AgentLeftTeam(Fact):
    team_id: UUID

    def apply(self, agent: Agent) -> None:
        agent.team_ids.discard(self.team_id)


class AgentDeactivated(Fact):
    reason_code: str

    def apply(self, agent: Agent) -> None:
        agent.is_active = False


class AgentReactivated(Fact):
    def apply(self, agent: Agent) -> None:
        agent.is_active = True


class AgentGivenCase(Fact):
    case_id: UUID
    case_version: int

    def apply(self, agent: Agent) -> None:
        agent.given.pop(self.case_id, None)
        agent.given[self.case_id] = Given(self.case_version, self.originator_version)
        if len(agent.given) > GIVEN_KEPT_MAX:
            del agent.given[next(iter(agent.given))]


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """A case was given: at which version of the case, and of the agent."""

    case_version: int
    version: int


@dataclass(frozen=True, slots=True)
class Skill:
    """Counts through `expires_on`; None: without end."""

    name: str
    certificate_ref: str
    expires_on: date | None

    def counts_on(self, day: date) -> bool:
        return self.expires_on is None or day <= self.expires_on


class Agent(Stream):
    begins_with = ("AgentRegistered",)

    def __init__(self) -> None:
        self.subject = ""
        self.kind = AgentKind.HUMAN
        self.languages: tuple[str, ...] = ()
        self.skills: dict[str, Skill] = {}
        self.team_ids: set[UUID] = set()
        self.cases_max = 0
        self.is_active = False
        self.given: dict[UUID, Given] = {}

    def given_since(self, version: int) -> int:
        """How many cases it was given after that version of its stream."""
        return sum(each.version > version for each in self.given.values())

    def has_skill(self, name: str, day: date) -> bool:
        return name in self.skills and self.skills[name].counts_on(day)

    def must_exist(self) -> None:
        if not self.exists:
            raise AgentIsUnknown


# What may be decided ---------------------------------------------------------


class AgentIsUnknown(IsUnknown):
    """There is no such agent."""


class AgentIsRegisteredAlready(AlreadyExists):
    """The agent is registered already, under another subject or as something else."""


class AgentHasTooManySkills(Refusal):
    """The agent has as many skills as it may."""


class AgentHasTooManyTeams(Refusal):
    """The agent is in as many teams as it may."""


def register(agent: Agent, *teams: Team, subject: str, kind: AgentKind, languages: Sequence[str], cases_max: int) -> None:
    """The subject is unique in the tenant: whoever registers claims it."""
    if agent.exists:
        if (agent.subject, agent.kind) == (subject, kind):
            return
        raise AgentIsRegisteredAlready(subject=agent.subject)
    if not subject.strip():
        raise IsInvalid("subject", "must not be empty")
    for team in teams:
        must_be_formed(team)
    team_ids = tuple(dict.fromkeys(team.id for team in teams))
    agent.tell(
        AgentRegistered(**agent.next(), subject=subject, kind=kind, languages=_once(languages), team_ids=team_ids, cases_max=cases_max)
    )


def grant_skill(agent: Agent, skill: Skill) -> None:
    """With another certificate or another last day it takes the place of the earlier grant."""
    agent.must_exist()
    if agent.skills.get(skill.name) == skill:
        return
    if skill.name not in agent.skills and len(agent.skills) >= SKILLS_PER_AGENT_MAX:
        raise AgentHasTooManySkills(skills_max=SKILLS_PER_AGENT_MAX)
    agent.tell(AgentSkillGranted(**agent.next(), skill=skill.name, certificate_ref=skill.certificate_ref, expires_on=skill.expires_on))


def revoke_skill(agent: Agent, name: str, reason_code: str) -> None:
    agent.must_exist()
    if name in agent.skills:
        agent.tell(AgentSkillRevoked(**agent.next(), skill=name, reason_code=reason_code))


def change_languages(agent: Agent, languages: Sequence[str]) -> None:
    agent.must_exist()
    if agent.languages != _once(languages):
        agent.tell(AgentLanguagesChanged(**agent.next(), languages=_once(languages)))


def change_capacity(agent: Agent, cases_max: int) -> None:
    """What the agent has already stays with it."""
    agent.must_exist()
    if agent.cases_max != cases_max:
        agent.tell(AgentCapacityChanged(**agent.next(), cases_max=cases_max))


def join_team(agent: Agent, team: Team) -> None:
    agent.must_exist()
    must_be_formed(team)
    if team.id in agent.team_ids:
        return
    if len(agent.team_ids) >= TEAMS_PER_AGENT_MAX:
        raise AgentHasTooManyTeams(teams_max=TEAMS_PER_AGENT_MAX)
    agent.tell(AgentJoinedTeam(**agent.next(), team_id=team.id))


def leave_team(agent: Agent, team_id: UUID) -> None:
    agent.must_exist()
    if team_id in agent.team_ids:
        agent.tell(AgentLeftTeam(**agent.next(), team_id=team_id))


def deactivate(agent: Agent, reason_code: str) -> None:
    """Gets no more cases; those it has are given back by whoever asks for this."""
    agent.must_exist()
    if agent.is_active:
        agent.tell(AgentDeactivated(**agent.next(), reason_code=reason_code))


def reactivate(agent: Agent) -> None:
    agent.must_exist()
    if not agent.is_active:
        agent.tell(AgentReactivated(**agent.next()))


def record_given(agent: Agent, case: Case) -> None:
    """What was just decided on the case, on the agent's own stream: whoever else gives it a case in this instant decides again."""
    known = agent.given.get(case.id)
    if case.assignment.agent_id == agent.id and (known is None or known.case_version != case.assignment.given_at):
        agent.tell(AgentGivenCase(**agent.next(), case_id=case.id, case_version=case.assignment.given_at))


def must_be_formed(team: Team) -> None:
    if not team.exists:
        raise TeamIsUnknown(team_id=team.id)


def _once(languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(languages))
