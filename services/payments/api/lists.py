"""Asked of many payments: lists, from the read models."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts
from psycopg.rows import DictRow

from services.chassis.rpc import Context, words
from services.kernel.money import Money
from services.payments.api import wire
from services.payments.api.desk import Desk
from services.payments.domain.suspense import SuspenseReason
from services.payments.views import PaymentFilter, SuspenseFilter


class Lists(Desk):
    async def ListPayments(self, request: pb.ListPaymentsRequest, context: Context) -> pb.ListPaymentsResponse:
        who = words.caller(context)
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        chosen = PaymentFilter(
            client_ids=who.scope.client_ids,
            case_id=words.uuid_or_none(request.case_id, "case_id"),
            source_id=words.uuid_or_none(request.source_id, "source_id"),
            from_day=words.day_or_none(request, "from"),
            through_day=words.day_or_none(request, "through"),
        )
        position, found = await self._tables.list_payments(
            who.tenant_id, chosen, int(after[0]) if after else 0, size + 1, request.min_position
        )
        return pb.ListPaymentsResponse(
            payments=[_payment(row) for row in found[:size]],
            next_page_token=self._pages.token((found[size - 1]["recorded"],), request) if len(found) > size else "",
            position=position,
        )

    async def ListSuspense(self, request: pb.ListSuspenseRequest, context: Context) -> pb.ListSuspenseResponse:
        who = words.caller(context)
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        chosen = SuspenseFilter(
            client_ids=who.scope.client_ids,
            portfolio_id=words.uuid_or_none(request.portfolio_id, "portfolio_id"),
            reason=wire.member(SuspenseReason, receipts.SuspenseReason, request.reason).name if request.reason else None,
        )
        position, found = await self._tables.list_suspense(
            who.tenant_id, chosen, int(after[0]) if after else 0, size + 1, request.min_position
        )
        return pb.ListSuspenseResponse(
            items=[_item(row) for row in found[:size]],
            next_page_token=self._pages.token((found[size - 1]["opened"],), request) if len(found) > size else "",
            position=position,
        )


def _payment(row: DictRow) -> pb.PaymentSummary:
    currency_code = row["currency_code"]
    return pb.PaymentSummary(
        payment_id=str(row["payment_id"]),
        source_id=str(row["source_id"]),
        provider_ref=row["provider_ref"],
        amount=words.wire_money(Money(currency_code, row["minor_units"])),
        value_date=words.wire_date(row["value_date"]),
        recorded_at=words.timestamp(row["recorded_at"]),
        allocated=words.wire_money(Money(currency_code, row["allocated"])),
        waiting=words.wire_money(Money(currency_code, row["waiting"])),
        case_id=str(row["case_id"] or ""),
        is_reversed=row["reversed_on"] is not None,
    )


def _item(row: DictRow) -> pb.SuspenseItem:
    return pb.SuspenseItem(
        item_id=str(row["item_id"]),
        payment_id=str(row["payment_id"]),
        amount=words.wire_money(Money(row["currency_code"], row["minor_units"])),
        value_date=words.wire_date(row["value_date"]),
        reason=wire.wire_value(SuspenseReason[row["reason"]], receipts.SuspenseReason),
        candidate_case_ids=[str(case_id) for case_id in row["candidate_case_ids"]],
        portfolio_ids=[str(portfolio_id) for portfolio_id in row["portfolio_ids"]],
        client_id=str(row["client_id"] or ""),
        external_ref=row["external_ref"],
        since=words.timestamp(row["since"]),
        source_id=str(row["source_id"]),
        provider_ref=row["provider_ref"],
    )
