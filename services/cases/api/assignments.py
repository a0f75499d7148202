"""Asked: who gets a case, keeps it, gives it back or will not have it."""

from __future__ import annotations

from uuid import UUID

from acuerdo.cases.v1 import workforce_pb2 as pb
from acuerdo.common.v1.access_pb2 import Role

from services.cases.api import wire
from services.cases.api.because.assignment import wire_ground
from services.cases.api.desk import Desk
from services.cases.application import work
from services.cases.domain.assigning import Asker, Standing, Wish
from services.cases.domain.assignment import Assignment, Requirements, UnassignReason
from services.cases.domain.case import Case
from services.cases.views import CandidatesAsked
from services.chassis.identity import Principal
from services.chassis.rpc import Context, words

CANDIDATES_MAX = 50
NOBODY = UUID(int=0)


class Assignments(Desk):
    async def RequestAssignment(self, request: pb.RequestAssignmentRequest, context: Context) -> pb.RequestAssignmentResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = work.request_assignment(key, _requirements(request.requirements), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RequestAssignmentResponse(receipt=words.receipt(stored))

    async def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        who = words.caller(context)
        key = await self._key(who, request.case_id)
        agent_id = words.uuid_or_none(request.agent_id, "agent_id")
        wanted = _requirements(request.requirements) if request.HasField("requirements") else None
        wish = Wish(request.reason_code, wanted, request.lease_minutes)
        candidates = await self._candidates(who, key.case_id, agent_id, wanted)
        change = (
            work.assign_by_rule(key, candidates, wish)
            if agent_id is None
            else work.assign_case(key, agent_id, candidates.get(agent_id, Standing()), wish, _asker(who))
        )
        given = (work.record_given(each, key.case_id) for each in ((agent_id,) if agent_id is not None else candidates))
        stored = await self._log.run(self._asked_by(context, request), change, *given)
        of = await self._assignment_at(who, key.case_id, stored.streams[0].version)
        return pb.AssignCaseResponse(
            receipt=words.receipt(stored),
            agent_id=str(of.agent_id) if of.agent_id else "",
            ground=wire_ground(of.ground) if of.ground else None,
            lease_until=words.timestamp(of.lease_until) if of.lease_until else None,
        )

    async def ExtendLease(self, request: pb.ExtendLeaseRequest, context: Context) -> pb.ExtendLeaseResponse:
        who = words.caller(context)
        key = await self._key(who, request.case_id)
        change = work.extend_lease(key, await self._holder(who, request.case_id), request.lease_minutes, _asker(who))
        stored = await self._log.run(self._asked_by(context, request), change)
        until = (await self._assignment_at(who, key.case_id, stored.streams[0].version)).lease_until
        return pb.ExtendLeaseResponse(receipt=words.receipt(stored), lease_until=words.timestamp(until) if until else None)

    async def UnassignCase(self, request: pb.UnassignCaseRequest, context: Context) -> pb.UnassignCaseResponse:
        who = words.caller(context)
        key = await self._key(who, request.case_id)
        reason = wire.member(UnassignReason, pb.UnassignReason, request.reason)
        change = work.unassign_case(key, await self._holder(who, request.case_id), reason, _asker(who))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.UnassignCaseResponse(receipt=words.receipt(stored))

    async def DeclineAssignment(self, request: pb.DeclineAssignmentRequest, context: Context) -> pb.DeclineAssignmentResponse:
        who = words.caller(context)
        key = await self._key(who, request.case_id)
        change = work.decline_assignment(key, await self._holder(who, request.case_id), request.reason_code, _asker(who))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.DeclineAssignmentResponse(receipt=words.receipt(stored))

    async def _candidates(self, who: Principal, case_id: UUID, agent_id: UUID | None, wanted: Requirements | None) -> dict[UUID, Standing]:
        """As the tables know it; the decision adds what each agent was given since."""
        wanted = wanted or (await self._case(who, str(case_id))).assignment.requirements
        asked = CandidatesAsked(case_id, agent_id, wanted.skills, wanted.language, wanted.team_id)
        found = await self._tables.candidates(who.tenant_id, asked, CANDIDATES_MAX, (await self._log.head()).position)
        return {row["agent_id"]: Standing(row["load"], row["cases_of_person"], row["given_at"]) for row in found}

    async def _holder(self, who: Principal, case_id: str) -> UUID:
        """Who has the case as it is asked for; the decision looks again."""
        return (await self._case(who, case_id)).assignment.agent_id or NOBODY

    async def _assignment_at(self, who: Principal, case_id: UUID, version: int) -> Assignment:
        """As it was at that version: a request repeated later gets the first answer."""
        case = Case.blank(case_id)
        for record in await self._log.read_stream(case_id, who.tenant_id):
            if record.version <= version:
                self._log.service.mapper.decode(record.event).mutate(case)
        return case.assignment


def _asker(who: Principal) -> Asker:
    return Asker(who.subject, frozenset(Role.Name(role).removeprefix("ROLE_").lower() for role in who.roles))


def _requirements(wire_: pb.Requirements) -> Requirements:
    return Requirements(tuple(dict.fromkeys(wire_.skills)), wire_.language, words.uuid_or_none(wire_.team_id, "requirements.team_id"))
