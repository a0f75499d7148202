"""Asked: hardship declared, looked into, answered with measures, and looked at again."""

from __future__ import annotations

from acuerdo.cases.v1 import circumstances_pb2 as pb

from services.cases.api import wire
from services.cases.api.circumstances import sealed_field
from services.cases.api.desk import Desk
from services.cases.application import circumstances
from services.cases.domain.hardship import HardshipMeasure
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.kernel import ids


class Hardships(Desk):
    async def DeclareHardship(self, request: pb.DeclareHardshipRequest, context: Context) -> pb.DeclareHardshipResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        hardship_id = ids.derived(origin.id, "hardship")
        hold_id = ids.derived(origin.id, "hold") if request.with_hold else None
        person_id = self._person(case, request.person_id)
        declaration = await self._seals.seal(Subject(who.tenant_id, person_id), case.id, sealed_field(hardship_id), request.declaration)
        change = circumstances.declare_hardship(self._key_of(case), hardship_id, hold_id, person_id, declaration, request.source)
        stored = await self._log.run(origin, change)
        return pb.DeclareHardshipResponse(receipt=words.receipt(stored), hardship_id=str(hardship_id), hold_id=str(hold_id or ""))

    async def RequestHardshipEvidence(
        self, request: pb.RequestHardshipEvidenceRequest, context: Context
    ) -> pb.RequestHardshipEvidenceResponse:
        key = await self._key(words.caller(context), request.case_id)
        hardship_id, due = words.uuid(request.hardship_id, "hardship_id"), words.day(request.due, "due")
        change = circumstances.request_evidence(key, hardship_id, request.subjects, due)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RequestHardshipEvidenceResponse(receipt=words.receipt(stored))

    async def AcceptHardship(self, request: pb.AcceptHardshipRequest, context: Context) -> pb.AcceptHardshipResponse:
        key, origin = await self._key(words.caller(context), request.case_id), self._asked_by(context, request)
        change = circumstances.accept_hardship(
            key,
            words.uuid(request.hardship_id, "hardship_id"),
            ids.derived(origin.id, "hold"),
            [wire.member(HardshipMeasure, pb.HardshipMeasure, each) for each in request.measures],
            words.day(request.review_on, "review_on"),
            request.evidence_refs,
        )
        return pb.AcceptHardshipResponse(receipt=words.receipt(await self._log.run(origin, change)))

    async def RejectHardship(self, request: pb.RejectHardshipRequest, context: Context) -> pb.RejectHardshipResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = circumstances.reject_hardship(key, words.uuid(request.hardship_id, "hardship_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RejectHardshipResponse(receipt=words.receipt(stored))

    async def ReviewHardship(self, request: pb.ReviewHardshipRequest, context: Context) -> pb.ReviewHardshipResponse:
        key, origin = await self._key(words.caller(context), request.case_id), self._asked_by(context, request)
        change = circumstances.review_hardship(
            key,
            words.uuid(request.hardship_id, "hardship_id"),
            ids.derived(origin.id, "hold"),
            [wire.member(HardshipMeasure, pb.HardshipMeasure, each) for each in request.measures],
            words.day(request.review_on, "review_on"),
        )
        return pb.ReviewHardshipResponse(receipt=words.receipt(await self._log.run(origin, change)))

    async def EndHardship(self, request: pb.EndHardshipRequest, context: Context) -> pb.EndHardshipResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = circumstances.end_hardship(key, words.uuid(request.hardship_id, "hardship_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.EndHardshipResponse(receipt=words.receipt(stored))
