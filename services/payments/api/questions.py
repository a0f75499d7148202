"""Asked of one payment or one case: where the money is, how more of it would be spread, and why it was spread so."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.chassis.rpc import Context, words
from services.kernel.calendar import date_at, zone
from services.kernel.money import Money, total
from services.kernel.refusal import IsInvalid, IsUnknown
from services.payments.adapters import waterfall_document
from services.payments.api import wire
from services.payments.api.desk import Desk, placements, seen
from services.payments.application.receiving import PROVIDER_REF, reference_name
from services.payments.domain import allocating, explaining
from services.payments.domain.allocating import Offer, PaymentIsOfAnotherCurrency
from services.payments.domain.ledger import AllocationLedger, stream_of
from services.payments.domain.payment import PaymentIsUnknown
from services.payments.domain.waterfalls import Waterfalls
from services.payments.domain.waterfalls import stream_of as orders_of


class AllocationIsUnknown(IsUnknown):
    """The case's ledger has no such allocation."""


class Questions(Desk):
    async def GetPayment(self, request: pb.GetPaymentRequest, context: Context) -> pb.GetPaymentResponse:
        who = words.caller(context)
        payment_id = words.uuid_or_none(request.payment_id, "payment_id")
        if payment_id is None:
            name = reference_name(words.uuid(request.source_id, "source_id"), request.provider_ref)
            payment_id = (await self._log.claimed(who.tenant_id, PROVIDER_REF, [name])).get(name)
        if payment_id is None:
            raise PaymentIsUnknown
        at = await self._whereabouts(who, payment_id)
        view = wire.payment_view(at.payment, placements(at))
        records = await self._log.read_stream(payment_id, who.tenant_id)
        view.recorded_at.CopyFrom(words.timestamp(records[0].recorded_at))
        return pb.GetPaymentResponse(payment=view)

    async def GetLedger(self, request: pb.GetLedgerRequest, context: Context) -> pb.GetLedgerResponse:
        who, now = words.caller(context), self._clock.now()
        known_at = words.instant_or_none(request, "as_known_at")
        if known_at is None:
            ledger = await self._ledger(who, request.case_id)
        else:
            stream_id = stream_of(words.uuid(request.case_id, "case_id"))
            ledger = seen(who, await self._log.fold(AllocationLedger, stream_id, who.tenant_id, known_at))
        assert ledger.book is not None
        instant = now if known_at is None else min(known_at, now)
        as_of = words.day_or_none(request, "as_of") or date_at(instant, zone(ledger.book.traits.zone))
        currency_code = ledger.book.traits.currency_code
        counting = [each for each in ledger.allocations.values() if each.value_date <= as_of]
        return pb.GetLedgerResponse(
            allocations=[wire.allocation(each, ledger) for each in counting],
            debts=[
                pb.LedgerDebt(
                    debt_id=str(debt_id),
                    owed=wire.amounts(standing.owed, currency_code),
                    paid=wire.amounts(standing.paid, currency_code),
                )
                for debt_id, standing in explaining.debts_on(ledger, as_of).items()
            ],
            allocated=words.wire_money(total((each.amount for each in counting if each.counts_on(as_of)), currency_code)),
            waiting=words.wire_money(
                total((item.amount for item in ledger.waiting.items.values() if item.amount.currency_code == currency_code), currency_code)
            ),
            as_of=words.wire_date(as_of),
            as_known_at=words.timestamp(instant),
            state=wire.wire_value(ledger.book.state, receipts.BookState),
            etag=str(ledger.version),
        )

    async def PreviewAllocation(self, request: pb.PreviewAllocationRequest, context: Context) -> pb.PreviewAllocationResponse:
        who = words.caller(context)
        ledger = await self._ledger(who, request.case_id)
        assert ledger.book is not None
        traits = ledger.book.traits
        amount = words.money(request.amount)
        value_date = words.day_or_none(request, "value_date") or date_at(self._clock.now(), zone(traits.zone))
        if amount.minor_units <= 0:
            raise IsInvalid("amount.minor_units", "must be more than nothing")
        if amount.currency_code != traits.currency_code:
            raise PaymentIsOfAnotherCurrency(currency_code=traits.currency_code)
        why = ledger.why_waits(value_date, amount.currency_code)
        if why is not None:
            return pb.PreviewAllocationResponse(
                excess=words.wire_money(amount), waits_because=wire.wire_value(why, receipts.SuspenseReason)
            )
        version, order = allocating.in_force(ledger, await self._orders(who.tenant_id), waterfall_document.read)
        if request.waterfall_version:
            version = request.waterfall_version
            order = (await self._orders(who.tenant_id)).read(version, waterfall_document.read)
        designated = tuple(words.uuid(debt_id, "designated_debt_ids") for debt_id in request.designated_debt_ids)
        offer = Offer(traits.case_id, amount, value_date, "", designated, words.uuid_or_none(request.commitment_id, "commitment_id"))
        shares = allocating.preview(ledger.book, offer, order)
        rest = amount.minor_units - sum(share.minor_units for share in shares)
        return pb.PreviewAllocationResponse(
            reasons=[wire.reason(share, order, amount.currency_code) for share in shares],
            waterfall_version=version,
            excess=words.wire_money(Money(amount.currency_code, rest)),
        )

    async def ExplainAllocation(self, request: pb.ExplainAllocationRequest, context: Context) -> pb.ExplainAllocationResponse:
        """Evaluated again on the ledger as it was before the allocation was told."""
        who = words.caller(context)
        ledger = await self._ledger(who, request.case_id)
        known = ledger.allocations.get(words.uuid(request.allocation_id, "allocation_id"))
        if known is None:
            raise AllocationIsUnknown
        of = [each for each in ledger.allocations_of(known.payment_id) if each.version <= known.version]
        first = explaining.first_of_its_decision(of, known)
        before = AllocationLedger.blank(ledger.id)
        for record in await self._log.read_stream(ledger.id, who.tenant_id):
            if record.version < first.version:
                self._log.service.mapper.decode(record.event).mutate(before)
        order = (await self._orders(who.tenant_id)).read(known.waterfall_version, waterfall_document.read)
        explained = explaining.explain(before, explaining.decision_of(ledger, first), known, order)
        return pb.ExplainAllocationResponse(
            allocation=wire.allocation(known, ledger),
            reasons=[wire.reason(share, order, known.amount.currency_code) for share in explained.shares],
            decided_on_version=first.version - 1,
            is_reproduced=explained.is_reproduced,
            waterfall_name=order.name,
        )

    async def _orders(self, tenant_id: str) -> Waterfalls:
        return await self._log.load(Waterfalls, orders_of(tenant_id), tenant_id)
