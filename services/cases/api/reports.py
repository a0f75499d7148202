"""Asked: the creditor's reports, in chunks of rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from functools import partial
from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as pb

from services.cases import application
from services.cases.api import rows, wire
from services.cases.api.batches import LineIsRepeated
from services.cases.api.desk import Desk
from services.cases.application import CaseKey, creditor
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.reconciling import Report
from services.chassis.log.log import Log
from services.chassis.rpc import Context, words
from services.kernel.refusal import IsInvalid, IsUnknown


class ExternalRefIsUnknown(IsUnknown):
    """The portfolio has no case of this reference."""


class Reports(Desk):
    async def ReportArrears(
        self, requests: AsyncIterable[pb.ReportArrearsRequest], context: Context
    ) -> AsyncIterator[pb.ReportArrearsResponse]:
        async for chunk in requests:
            who = words.caller(context)
            portfolio = await self._portfolio(who, chunk.portfolio_id)
            words.day(chunk.as_of, "as_of")
            case_ids = await case_ids_of(self._log, who.tenant_id, portfolio, [row.external_ref for row in chunk.rows])
            repeated = rows.repeated_lines(chunk.rows)
            report = [partial(self._report_row, context, chunk, row, portfolio, case_ids, row.line in repeated) for row in chunk.rows]
            came = await asyncio.gather(*(rows.came_of(row, take) for row, take in zip(chunk.rows, report, strict=True)))
            yield pb.ReportArrearsResponse(
                request_id=chunk.request_id, outcomes=[each.outcome for each in came], position=max(each.position for each in came)
            )

    async def _report_row(
        self,
        context: Context,
        chunk: pb.ReportArrearsRequest,
        row: pb.ArrearsRow,
        portfolio: Portfolio,
        case_ids: Mapping[str, UUID],
        is_repeated: bool,
    ) -> rows.Came:
        if is_repeated:
            raise LineIsRepeated
        case_id = case_ids.get(row.external_ref)
        if case_id is None:
            raise ExternalRefIsUnknown
        declared = wire.declared(row)
        theirs = words.money(row.balance) if row.HasField("balance") else None
        if declared is None and theirs is None:
            raise IsInvalid("cycles_past_due", "the row says neither how late the case is nor how much is owed")
        said = Report(
            as_of=words.day(chunk.as_of, "as_of"),
            source_ref=chunk.source_ref,
            declared=declared,
            past_due=words.money(row.past_due) if row.HasField("past_due") else None,
            theirs=theirs,
        )
        change = creditor.report(CaseKey(case_id, portfolio.id), said)
        # What a row rests on is the row on the chunk's day: the same line for another day is another payload.
        payload = pb.ReportArrearsRequest(portfolio_id=chunk.portfolio_id, as_of=chunk.as_of, source_ref=chunk.source_ref, rows=[row])
        stored = await self._log.run(self._asked_by(context, chunk, part=str(row.line), payload=payload), change)
        return rows.taken(row.line, stored)


async def case_ids_of(log: Log, tenant_id: str, portfolio: Portfolio, external_refs: Sequence[str]) -> dict[str, UUID]:
    """The cases that the client knows by these references; those it knows none by are missing."""
    names = {ref: application.case_name(portfolio.client_id, ref).value for ref in external_refs}
    held = await log.claimed(tenant_id, "case", list(names.values()))
    return {ref: held[name] for ref, name in names.items() if name in held}
