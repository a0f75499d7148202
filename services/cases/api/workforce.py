"""Asked: teams, and agents: what they can do, what they may have, and whether they work."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from acuerdo.cases.v1 import workforce_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.application import CaseKey, work
from services.cases.domain.agent import Agent, AgentIsUnknown, AgentKind, Skill
from services.chassis.identity import Principal
from services.chassis.log.units import Stored
from services.chassis.rpc import Context, words
from services.kernel.facts import Change

CASES_GIVEN_BACK_AT_ONCE = 100


class Workforce(Desk):
    async def FormTeam(self, request: pb.FormTeamRequest, context: Context) -> pb.FormTeamResponse:
        change = work.form_team(self._new_id(), request.external_ref, request.name)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.FormTeamResponse(receipt=words.receipt(stored), team_id=str(stored.streams[0].stream_id))

    async def RegisterAgent(self, request: pb.RegisterAgentRequest, context: Context) -> pb.RegisterAgentResponse:
        change = work.register_agent(
            self._new_id(),
            request.subject,
            wire.member(AgentKind, pb.AgentKind, request.kind),
            request.languages,
            [words.uuid(team_id, "team_ids") for team_id in request.team_ids],
            request.cases_max,
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RegisterAgentResponse(receipt=words.receipt(stored), agent_id=str(stored.streams[0].stream_id))

    async def GrantSkill(self, request: pb.GrantSkillRequest, context: Context) -> pb.GrantSkillResponse:
        skill = Skill(request.skill, request.certificate_ref, words.day_or_none(request, "expires_on"))
        stored = await self._changed(request, context, work.grant_skill(words.uuid(request.agent_id, "agent_id"), skill))
        return pb.GrantSkillResponse(receipt=words.receipt(stored))

    async def RevokeSkill(self, request: pb.RevokeSkillRequest, context: Context) -> pb.RevokeSkillResponse:
        change = work.revoke_skill(words.uuid(request.agent_id, "agent_id"), request.skill, request.reason_code)
        return pb.RevokeSkillResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def ChangeAgentLanguages(self, request: pb.ChangeAgentLanguagesRequest, context: Context) -> pb.ChangeAgentLanguagesResponse:
        change = work.change_languages(words.uuid(request.agent_id, "agent_id"), request.languages)
        return pb.ChangeAgentLanguagesResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def ChangeAgentCapacity(self, request: pb.ChangeAgentCapacityRequest, context: Context) -> pb.ChangeAgentCapacityResponse:
        change = work.change_capacity(words.uuid(request.agent_id, "agent_id"), request.cases_max)
        return pb.ChangeAgentCapacityResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def JoinTeam(self, request: pb.JoinTeamRequest, context: Context) -> pb.JoinTeamResponse:
        change = work.join_team(words.uuid(request.agent_id, "agent_id"), words.uuid(request.team_id, "team_id"))
        return pb.JoinTeamResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def LeaveTeam(self, request: pb.LeaveTeamRequest, context: Context) -> pb.LeaveTeamResponse:
        change = work.leave_team(words.uuid(request.agent_id, "agent_id"), words.uuid(request.team_id, "team_id"))
        return pb.LeaveTeamResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def DeactivateAgent(self, request: pb.DeactivateAgentRequest, context: Context) -> pb.DeactivateAgentResponse:
        """First the agent, so that it gets no more; then its cases, some at a time. What is left where this ends early, leases end."""
        agent_id = words.uuid(request.agent_id, "agent_id")
        stored = await self._changed(request, context, work.deactivate_agent(agent_id, request.reason_code))
        who = words.caller(context)
        position, step = (await self._log.head()).position, 0
        while rows := await self._tables.cases_of(who.tenant_id, agent_id, CASES_GIVEN_BACK_AT_ONCE, position):
            step += 1
            given_back = [work.release_of(CaseKey(row["case_id"], row["portfolio_id"]), agent_id) for row in rows]
            origin = self._asked_by(context, request, part=f"cases/{position}/{step}")._replace(etag=None)
            await self._log.run(origin, *given_back)
            position = (await self._log.head()).position
        return pb.DeactivateAgentResponse(receipt=words.receipt(stored))

    async def ReactivateAgent(self, request: pb.ReactivateAgentRequest, context: Context) -> pb.ReactivateAgentResponse:
        change = work.reactivate_agent(words.uuid(request.agent_id, "agent_id"))
        return pb.ReactivateAgentResponse(receipt=words.receipt(await self._changed(request, context, change)))

    async def GetAgent(self, request: pb.GetAgentRequest, context: Context) -> pb.GetAgentResponse:
        agent = await self._agent(words.caller(context), request.agent_id)
        return pb.GetAgentResponse(agent=_wire_agent(agent, self._clock.now().date()))

    async def ListAgents(self, request: pb.ListAgentsRequest, context: Context) -> pb.ListAgentsResponse:
        who, today = words.caller(context), self._clock.now().date()
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        team_id = words.uuid_or_none(request.team_id, "team_id")
        position, found = await self._tables.list_agents(
            who.tenant_id, team_id, request.skill, int(after[0]) if after else 0, size + 1, request.min_position
        )
        agents = await asyncio.gather(*(self._agent(who, str(row["agent_id"])) for row in found[:size]))
        return pb.ListAgentsResponse(
            agents=[_wire_agent(agent, today) for agent in agents],
            next_page_token=self._pages.token((found[size - 1]["registered_at"],), request) if len(found) > size else "",
            position=position,
        )

    async def _agent(self, who: Principal, agent_id: str) -> Agent:
        agent = await self._log.load(Agent, words.uuid(agent_id, "agent_id"), who.tenant_id)
        if not agent.exists:
            raise AgentIsUnknown
        return agent

    async def _changed(self, request: Any, context: Context, change: Change[Agent]) -> Stored:
        return await self._log.run(self._asked_by(context, request), change)


def _wire_agent(of: Agent, today: date) -> pb.Agent:
    """`today` in UTC: an agent has no zone of its own; whether a certificate counts for a case is decided in the case's."""
    return pb.Agent(
        agent_id=str(of.id),
        subject=of.subject,
        kind=wire.wire_value(of.kind, pb.AgentKind),
        languages=of.languages,
        skills=[
            pb.Skill(
                skill=skill.name,
                certificate_ref=skill.certificate_ref,
                expires_on=words.wire_date(skill.expires_on) if skill.expires_on else None,
                is_expired=not skill.counts_on(today),
            )
            for skill in of.skills.values()
        ],
        team_ids=sorted(str(team_id) for team_id in of.team_ids),
        cases_max=of.cases_max,
        is_active=of.is_active,
        etag=str(of.version),
    )
