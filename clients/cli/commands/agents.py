"""`acuerdo agents`: teams, who is in them, and what agents can do."""

from __future__ import annotations

from acuerdo.cases.v1 import workforce_pb2 as work
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.grievance_blocks import agents_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.reading import day_or_none, id_of, new_id

app = App(name="agents", help="Agents (gestores): their teams, skills and certificates. AGENT and TEAM are ids.")

PAGE_ROWS = 200


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
