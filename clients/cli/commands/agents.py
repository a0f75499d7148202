"""`acuerdo agents`: teams, who is in them, what agents can do, and whether they get cases."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import workforce_pb2 as work
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.grievance_blocks import agents_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.reading import day_or_none, id_of, new_id
from clients.cli.work_blocks import agent_block, cases_max
from clients.cli.work_words import WORK_WORDS

app = App(name="agents", help="Agents (gestores): their teams, skills and certificates. AGENT and TEAM are ids.")

PAGE_ROWS = 200
CASES_MAX = 100_000
"""As the contract says; a negative number could not even be sent."""

Languages = Annotated[list[str], Parameter(negative="", consume_multiple=True)]


@app.command
async def team(external_ref: str, name: str, *, ask: Asking = ASKING) -> None:
    """Form a team. Asked twice, formed once.

    Parameters
    ----------
    external_ref
        What the team is called elsewhere.
    name
        What people call it.
    """
    request = work.FormTeamRequest(external_ref=external_ref, name=name)
    request.request_id = id_of("team", request.SerializeToString(deterministic=True))
    async with ask.doors() as doors:
        answer = await doors.cases.FormTeam(request)
    ask.answer(answer, answer.team_id)


@app.command
async def join(agent: str, team_id: str, *, ask: Asking = ASKING) -> None:
    """Put an agent into a team.

    Parameters
    ----------
    agent
        Id of the agent.
    team_id
        Id of the team.
    """
    async with ask.doors() as doors:
        answer = await doors.cases.JoinTeam(work.JoinTeamRequest(request_id=new_id(), agent_id=agent, team_id=team_id))
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def leave(agent: str, team_id: str, *, ask: Asking = ASKING) -> None:
    """Take an agent out of a team.

    Parameters
    ----------
    agent
        Id of the agent.
    team_id
        Id of the team.
    """
    async with ask.doors() as doors:
        answer = await doors.cases.LeaveTeam(work.LeaveTeamRequest(request_id=new_id(), agent_id=agent, team_id=team_id))
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def grant(agent: str, skill: str, *, certificate: str = "", expires: str | None = None, ask: Asking = ASKING) -> None:
    """An agent has a skill.

    Parameters
    ----------
    agent
        Id of the agent.
    skill
        Code of the skill, e.g. VULNERABILITY.
    certificate
        Reference of the certificate.
    expires
        Last day on which the certificate counts; else for ever.
    """
    request = work.GrantSkillRequest(
        request_id=new_id(), agent_id=agent, skill=skill, certificate_ref=certificate, expires_on=day_or_none(expires, "--expires")
    )
    async with ask.doors() as doors:
        answer = await doors.cases.GrantSkill(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def revoke(agent: str, skill: str, reason: str, *, ask: Asking = ASKING) -> None:
    """An agent has a skill no more.

    Parameters
    ----------
    agent
        Id of the agent.
    skill
        Code of the skill.
    reason
        Code of the reason.
    """
    request = work.RevokeSkillRequest(request_id=new_id(), agent_id=agent, skill=skill, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.cases.RevokeSkill(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def languages(agent: str, language: Languages, *, ask: Asking = ASKING) -> None:
    """The languages an agent speaks, in the place of those that were known.

    Parameters
    ----------
    agent
        Id of the agent.
    language
        All of them, e.g. es ca.
    """
    request = work.ChangeAgentLanguagesRequest(request_id=new_id(), agent_id=agent, languages=language)
    async with ask.doors() as doors:
        answer = await doors.cases.ChangeAgentLanguages(request)
    ask.answer(answer, WORK_WORDS[ask.lang].speaks.format(languages=", ".join(language)))


@app.command
async def capacity(agent: str, number: int, *, ask: Asking = ASKING) -> None:
    """How many cases an agent has at once. What it has already stays.

    Parameters
    ----------
    agent
        Id of the agent.
    number
        At most so many; 0: the rule's own limit.
    """
    if not 0 <= number <= CASES_MAX:
        raise usage(f"NUMBER is not from 0 to {CASES_MAX}: {number}")
    request = work.ChangeAgentCapacityRequest(request_id=new_id(), agent_id=agent, cases_max=number)
    async with ask.doors() as doors:
        answer = await doors.cases.ChangeAgentCapacity(request)
    ask.answer(answer, WORK_WORDS[ask.lang].takes.format(cases_max=cases_max(number, ask.words)))


@app.command
async def deactivate(agent: str, reason: str, *, ask: Asking = ASKING) -> None:
    """An agent gets no more cases, and gives back those it has.

    Parameters
    ----------
    agent
        Id of the agent.
    reason
        Code of the reason, e.g. LEFT.
    """
    request = work.DeactivateAgentRequest(request_id=new_id(), agent_id=agent, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.cases.DeactivateAgent(request)
    ask.answer(answer, WORK_WORDS[ask.lang].deactivated.format(agent=agent))


@app.command
async def reactivate(agent: str, *, ask: Asking = ASKING) -> None:
    """An agent gets cases again.

    Parameters
    ----------
    agent
        Id of the agent.
    """
    async with ask.doors() as doors:
        answer = await doors.cases.ReactivateAgent(work.ReactivateAgentRequest(request_id=new_id(), agent_id=agent))
    ask.answer(answer, WORK_WORDS[ask.lang].reactivated.format(agent=agent))


@app.command
async def show(agent: str, *, ask: Asking = ASKING) -> None:
    """What an agent can do, in which teams it is, and whether it gets cases.

    Parameters
    ----------
    agent
        Id of the agent.
    """
    async with ask.doors() as doors:
        answer = await doors.cases.GetAgent(work.GetAgentRequest(agent_id=agent))
    ask.answer(answer, agent_block(answer.agent, ask.words))


@app.command(name="list")
async def list_(*, team_id: str = "", skill: str = "", limit: int = 50, ask: Asking = ASKING) -> None:
    """Agents, in the order in which they were registered.

    Parameters
    ----------
    team_id
        Of this team only.
    skill
        Only those who have this skill.
    limit
        At most so many.
    """
    found = work.ListAgentsResponse()
    request = work.ListAgentsRequest(team_id=team_id, skill=skill)
    async with ask.doors() as doors:
        while len(found.agents) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.agents))
            page = await doors.cases.ListAgents(request)
            found.agents.extend(page.agents)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, agents_block(found.agents, ask.words))
