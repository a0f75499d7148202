"""Asked: contacts as they were made, by permit or outside of any; and decisions explained by deciding them again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import timedelta
from typing import TypeVar

from acuerdo.contacts.v1 import permit_service_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.log.origins import Command
from services.chassis.log.units import Record
from services.chassis.rpc import Context, words
from services.chassis.rpc.words import FUTURE_MINUTES_MAX, receipt
from services.contacts.adapters import pack_store
from services.contacts.api import permit_words as wire
from services.contacts.api.permit_desk import PermitDesk
from services.contacts.application import permits
from services.contacts.domain import casefile, packs, permitting
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.person import Person
from services.kernel import ids
from services.kernel.facts import Stream
from services.kernel.refusal import Refusal

S = TypeVar("S", bound=Stream)


class PermitReports(PermitDesk):
    async def ReportAttempt(self, request: pb.ReportAttemptRequest, context: Context) -> pb.ReportAttemptResponse:
        return await self._report(words.caller(context), self._asked_by(context, request), request.attempt, "attempt")

    async def ReportAttempts(
        self, requests: AsyncIterable[pb.ReportAttemptsRequest], context: Context
    ) -> AsyncIterator[pb.ReportAttemptsResponse]:
        who = words.caller(context)
        async for chunk in requests:
            told = [
                self._reported(who, self._asked_by(context, chunk, part=str(place), payload=one), one, f"attempts[{place}]")
                for place, one in enumerate(chunk.attempts)
            ]
            yield pb.ReportAttemptsResponse(outcomes=await asyncio.gather(*told))

    async def _reported(self, who: Principal, origin: Command, report: pb.AttemptReport, field: str) -> pb.AttemptOutcome:
        try:
            return pb.AttemptOutcome(response=await self._report(who, origin, report, field))
        except Refusal as refused:
            return pb.AttemptOutcome(refused=refused.reason)

    async def _report(self, who: Principal, origin: Command, report: pb.AttemptReport, field: str) -> pb.ReportAttemptResponse:
        attempt_id = words.uuid_or_none(report.attempt_id, f"{field}.attempt_id") or ids.derived(origin.id, "attempt")
        latest = self._clock.now() + timedelta(minutes=FUTURE_MINUTES_MAX)
        said = wire.reported(report, attempt_id, field, who.name, latest)
        await self._file(who, said.case_id)
        person = await self._living(who, report.person_id, f"{field}.person_id")
        stored = await self._log.run(origin, permits.report_contact(person.id, said))
        made = (await self._log.load(Person, person.id, who.tenant_id)).permits.contacts.get(attempt_id)
        return pb.ReportAttemptResponse(receipt=receipt(stored), attempt_id=str(attempt_id), is_breach=made is not None and made.is_breach)

    async def ExplainDecision(self, request: pb.ExplainDecisionRequest, context: Context) -> pb.ExplainDecisionResponse:
        who = words.caller(context)
        person, permit_id = await self._permitted(who, request.person_id, request.permit_id)
        told, records, place = await self._told(who, person, permit_id)
        await self._file(who, told.case_id)
        before = self._folded(Person, records[:place])
        of_case = await self._log.read_stream(casefile.stream_of(told.case_id), who.tenant_id)
        of_packs = await self._log.read_stream(packs.stream_of(who.tenant_id), who.tenant_id)
        file = self._folded(CaseFile, of_case[: told.decision.case_version])
        rules = self._folded(RulePacks, of_packs[: told.decision.packs_version])
        again = permitting.explain(before, rules, file, told, pack_store.read)
        was, now = wire.decision_bytes(told.decision), wire.decision_bytes(again)
        today = (await self._packs(who)).in_force_at(self._clock.now(), pack_store.read)
        return pb.ExplainDecisionResponse(
            decision=wire.wire_decision(told.decision),
            answer=wire.wire_answer(person.permits.answers[permit_id].kind),
            is_reproduced=was == now,
            told_hash=hashlib.sha256(was).digest(),
            again_hash=hashlib.sha256(now).digest(),
            recorded_at=words.timestamp(records[place].recorded_at),
            version=records[place].version,
            packs_now=[wire.wire_ref(one.pack.id, one.pack.version, one.digest, one.is_shadow) for one in today],
            tzdata_now=pack_store.tzdata_version(),
        )

    def _folded(self, kind: type[S], records: Sequence[Record]) -> S:
        """The stream as it stood after these records."""
        stream = kind.blank(records[0].stream_id) if records else kind.blank(ids.derived("nothing"))
        for record in records:
            self._log.service.mapper.decode(record.event).mutate(stream)
        return stream
