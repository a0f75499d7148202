"""Asked: cases and debts taken back in chunks of rows, files that were wrong, and what the creditor's balances differ by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from acuerdo.cases.v1 import creditor_pb2 as pb
from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import service_pb2 as rpc
from psycopg.rows import DictRow

from services.cases.api import rows
from services.cases.api.batches import LineIsRepeated
from services.cases.api.lists import Lists
from services.cases.api.reports import ExternalRefIsUnknown, case_ids_of
from services.cases.application import CaseKey, creditor
from services.cases.domain.portfolio import Portfolio
from services.chassis.rpc import Context, words


class Creditor(Lists):
    async def WithdrawCases(
        self, requests: AsyncIterable[rpc.WithdrawCasesRequest], context: Context
    ) -> AsyncIterator[rpc.WithdrawCasesResponse]:
        async for chunk in requests:
            who = words.caller(context)
            portfolio = await self._portfolio(who, chunk.portfolio_id)
            case_ids = await case_ids_of(self._log, who.tenant_id, portfolio, [row.external_ref for row in chunk.rows])
            repeated = rows.repeated_lines(chunk.rows)
            withdraw = [partial(self._withdraw_row, context, chunk, row, portfolio, case_ids, row.line in repeated) for row in chunk.rows]
            came = await asyncio.gather(*(rows.came_of(row, take) for row, take in zip(chunk.rows, withdraw, strict=True)))
            yield rpc.WithdrawCasesResponse(
                request_id=chunk.request_id, outcomes=[each.outcome for each in came], position=max(each.position for each in came)
            )

    async def _withdraw_row(
        self,
        context: Context,
        chunk: rpc.WithdrawCasesRequest,
        row: rpc.WithdrawalRow,
        portfolio: Portfolio,
        case_ids: Mapping[str, UUID],
        is_repeated: bool,
    ) -> rows.Came:
        if is_repeated:
            raise LineIsRepeated
        case_id = case_ids.get(row.external_ref)
        if case_id is None:
            raise ExternalRefIsUnknown
        key, effective_on = CaseKey(case_id, portfolio.id), words.day_or_none(row, "effective_on")
        if row.debt_ref:
            change = creditor.withdraw_debt(key, row.debt_ref, row.reason_code, effective_on)
        else:
            change = creditor.withdraw_case(key, row.reason_code, chunk.source_ref, effective_on)
        # What a row rests on is the row in its file: the same line of another file is another payload.
        payload = rpc.WithdrawCasesRequest(portfolio_id=chunk.portfolio_id, source_ref=chunk.source_ref, rows=[row])
        stored = await self._log.run(self._asked_by(context, chunk, part=str(row.line), payload=payload), change)
        return rows.taken(row.line, stored)

    async def RevokeWithdrawal(self, request: pb.RevokeWithdrawalRequest, context: Context) -> pb.RevokeWithdrawalResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = creditor.revoke_withdrawal(key, request.reason_code, request.evidence_refs)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RevokeWithdrawalResponse(receipt=words.receipt(stored))

    async def RetractReport(self, request: pb.RetractReportRequest, context: Context) -> pb.RetractReportResponse:
        key = await self._key(words.caller(context), request.case_id)
        as_of = words.day(request.as_of, "as_of")
        change = creditor.retract_report(key, as_of, request.source_ref, request.by_source_ref, request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RetractReportResponse(receipt=words.receipt(stored))

    async def ResolveBalanceDifference(
        self, request: pb.ResolveBalanceDifferenceRequest, context: Context
    ) -> pb.ResolveBalanceDifferenceResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = creditor.resolve_difference(key, words.day(request.as_of, "as_of"), request.reason_code, request.evidence_refs)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ResolveBalanceDifferenceResponse(receipt=words.receipt(stored))

    async def ListBalanceDifferences(
        self, request: pb.ListBalanceDifferencesRequest, context: Context
    ) -> pb.ListBalanceDifferencesResponse:
        who = words.caller(context)
        portfolio = await self._portfolio(who, request.portfolio_id)
        cursor, size = self._pages.after(request), self._pages.size(request)
        after = (date.fromisoformat(cursor[0]), UUID(cursor[1])) if cursor else (date.min, UUID(int=0))
        await self._must_be_reached(request.min_position)
        position, found = await self._tables.list_differences(
            who.tenant_id, portfolio.id, request.with_explained, after, size + 1, request.min_position
        )
        today = portfolio.terms.today(self._clock.now())
        last = found[size - 1] if len(found) > size else None
        return pb.ListBalanceDifferencesResponse(
            differences=[_wire_difference(row, today) for row in found[:size]],
            next_page_token=self._pages.token((last["as_of"].isoformat(), str(last["case_id"])), request) if last else "",
            position=position,
        )


def _wire_difference(row: DictRow, today: date) -> pb.BalanceDifference:
    fact = told.BalanceDifferenceExplained.FromString(row["fact"])
    since = words.day(fact.unexplained_since, "unexplained_since") if fact.HasField("unexplained_since") else None
    return pb.BalanceDifference(
        case_id=str(row["case_id"]),
        external_ref=row["external_ref"],
        as_of=fact.as_of,
        ours=fact.ours,
        theirs=fact.theirs,
        causes=fact.causes,
        unexplained=fact.unexplained,
        unexplained_since=fact.unexplained_since if since else None,
        age_days=(today - since).days if since else 0,
        is_resolved=row["is_resolved"],
    )
