"""Asked: batches, and the rows that come in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from functools import partial
from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as pb

from services.cases import application
from services.cases.api import rows, wire
from services.cases.api.desk import Desk
from services.cases.domain.batch import AMOUNT_MINOR_UNITS_MAX, Batch, ReceivedRow, RowIsRejectedAlready
from services.cases.domain.case import Case
from services.chassis.log.origins import Command
from services.chassis.log.units import ClaimedByAnother, Stored
from services.chassis.rpc import Context, words
from services.kernel.money import Money, total
from services.kernel.refusal import Refusal


class ExternalRefIsTaken(Refusal):
    """The client has a case of this reference already."""


class LineIsRepeated(Refusal):
    """The chunk brings this line more than once."""


class Batches(Desk):
    async def ReceiveBatch(self, request: pb.ReceiveBatchRequest, context: Context) -> pb.ReceiveBatchResponse:
        portfolio = await self._portfolio(words.caller(context), request.portfolio_id)
        change = application.receive_batch(self._new_id(), portfolio.id, request.external_ref, wire.totals(request.declared))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ReceiveBatchResponse(receipt=words.receipt(stored), batch_id=str(stored.streams[0].stream_id))

    async def RegisterCases(
        self, requests: AsyncIterable[pb.RegisterCasesRequest], context: Context
    ) -> AsyncIterator[pb.RegisterCasesResponse]:
        async for chunk in requests:
            batch = await self._batch(words.caller(context), chunk.batch_id)
            origin = self._asked_by(context, chunk)
            repeated = rows.repeated_lines(chunk.rows)
            register = [partial(self._register_row, context, origin, row, batch, row.line in repeated) for row in chunk.rows]
            came = await asyncio.gather(*(rows.came_of(row, take) for row, take in zip(chunk.rows, register, strict=True)))
            outcomes = [each.outcome for each in came]
            try:
                counted = await self._count(context, chunk, batch, outcomes)
            except Refusal:
                await self._give_back(origin, chunk, batch, outcomes)
                raise
            position = max(counted.position, *(each.position for each in came))
            yield pb.RegisterCasesResponse(request_id=chunk.request_id, outcomes=outcomes, position=position)

    async def _register_row(self, context: Context, chunk: Command, row: pb.CaseRow, batch: Batch, is_repeated: bool) -> rows.Came:
        if is_repeated:
            raise LineIsRepeated
        if row.line in batch.rejected:
            raise RowIsRejectedAlready
        change = application.register_batch_row(
            self._new_id(), batch.id, batch.portfolio_id, batch.client_id, wire.case_terms(row, batch.id, row.line)
        )
        try:
            stored = await self._log.run(self._asked_by.part(chunk, str(row.line), row), change)
        except ClaimedByAnother as claimed:
            return await self._registered_before(context, batch, row, claimed)
        return rows.taken(row.line, stored)

    async def _registered_before(self, context: Context, batch: Batch, row: pb.CaseRow, claimed: ClaimedByAnother) -> rows.Came:
        """The same row in another chunk has been taken; another row of the same reference has not."""
        holder = await self._log.load(Case, claimed.holder, words.caller(context).tenant_id)
        if (holder.batch_id, holder.line) != (batch.id, row.line):
            raise ExternalRefIsTaken
        return rows.Came(pb.RowOutcome(line=row.line, case_id=str(holder.id), version=holder.version, is_repeated=True))

    async def _count(self, context: Context, chunk: pb.RegisterCasesRequest, batch: Batch, outcomes: list[pb.RowOutcome]) -> Stored:
        received = [
            ReceivedRow(
                amount=_amount_of(row, batch.currency_code),
                case_id=words.uuid_or_none(outcome.case_id, "case_id"),
                external_ref=row.external_ref,
                rejected=None if outcome.case_id else rows.rejected(outcome),
            )
            for row, outcome in zip(chunk.rows, outcomes, strict=True)
        ]
        change = application.record_batch_rows(batch.id, chunk.request_id, received)
        return await self._log.run(self._asked_by(context, chunk, part="rows"), change)

    async def _give_back(self, origin: Command, chunk: pb.RegisterCasesRequest, batch: Batch, outcomes: list[pb.RowOutcome]) -> None:
        """The chunk is not counted: what its rows have registered is rejected, and their references are free again."""
        registered = [(row, UUID(outcome.case_id)) for row, outcome in zip(chunk.rows, outcomes, strict=True) if outcome.case_id]
        give_back = [
            (
                self._asked_by.part(origin, f"{row.line}/back", row),
                application.give_back_row(case_id, batch.id, batch.client_id, row.external_ref),
            )
            for row, case_id in registered
        ]
        await asyncio.gather(*(self._log.run(asked, change) for asked, change in give_back))

    async def ReleaseBatch(self, request: pb.ReleaseBatchRequest, context: Context) -> pb.ReleaseBatchResponse:
        batch = await self._batch(words.caller(context), request.batch_id)
        stored = await self._log.run(self._asked_by(context, request), application.release_batch(batch.id))
        return pb.ReleaseBatchResponse(receipt=words.receipt(stored))

    async def RejectBatch(self, request: pb.RejectBatchRequest, context: Context) -> pb.RejectBatchResponse:
        batch = await self._batch(words.caller(context), request.batch_id)
        stored = await self._log.run(self._asked_by(context, request), application.reject_batch(batch.id, request.reason_code))
        return pb.RejectBatchResponse(receipt=words.receipt(stored))

    async def GetBatch(self, request: pb.GetBatchRequest, context: Context) -> pb.GetBatchResponse:
        return pb.GetBatchResponse(batch=wire.wire_batch(await self._batch(words.caller(context), request.batch_id)))


def _amount_of(row: pb.CaseRow, currency_code: str) -> Money:
    """What the row counts for in the control totals. What is not in the batch's currency, or no amount at all, cannot be added."""
    amounts = (words.money(part.amount) for debt in row.debts for part in debt.components)
    countable = (
        amount for amount in amounts if amount.currency_code == currency_code and abs(amount.minor_units) <= AMOUNT_MINOR_UNITS_MAX
    )
    return total(countable, currency_code)
