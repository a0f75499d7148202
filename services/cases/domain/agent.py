"""Agents (gestores): people, bots and agencies who work cases: their skills, languages, teams, and until when certificates count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel.facts import Fact, Stream

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


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skill:
    """Counts through `expires_on`; None: without end."""

    name: str
    certificate_ref: str
    expires_on: date | None


class Agent(Stream):
    def __init__(self) -> None:
        self.subject = ""
        self.kind = AgentKind.HUMAN
        self.languages: tuple[str, ...] = ()
        self.skills: dict[str, Skill] = {}
        self.team_ids: set[UUID] = set()
        self.cases_max = 0
        self.is_active = False
