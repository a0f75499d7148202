"""The desk: what every method of strategy needs at hand."""

from __future__ import annotations

from typing import Any

from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.rpc import Context, words
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.strategy.domain import segments, strategies, treatment
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.strategies import Strategies
from services.strategy.domain.treatment import Treatment, TreatmentIsUnknown


class Desk:
    def __init__(self, log: Log, asked_by: AskedBy, pages: Pages) -> None:
        self._log, self._asked_by, self._pages = log, asked_by, pages

    async def _tables(self, who: Principal) -> SegmentTables:
        return await self._log.load(SegmentTables, segments.stream_of(who.tenant_id), who.tenant_id)

    async def _strategies(self, who: Principal) -> Strategies:
        return await self._log.load(Strategies, strategies.stream_of(who.tenant_id), who.tenant_id)

    async def _treatment(self, who: Principal, case_id: str) -> Treatment:
        found = await self._log.load(Treatment, treatment.stream_of(words.uuid(case_id, "case_id")), who.tenant_id)
        if not found.exists or not who.may_see_client(found.client_id):
            raise TreatmentIsUnknown
        return found

    async def _treated(self, context: Context, request: Any) -> tuple[Principal, Treatment]:
        who = words.caller(context)
        return who, await self._treatment(who, request.case_id)
