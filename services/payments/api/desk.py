"""The desk: what every part of the api of payments stands on: who may see what, and where a payment's money is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.chassis.clock import Clock
from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.log.origins import Command
from services.chassis.log.units import Conflict, Stored
from services.chassis.rpc import words
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.kernel.facts import Change
from services.kernel.ids import NewId
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from services.payments.api import wire
from services.payments.application.receiving import Whereabouts
from services.payments.domain.ledger import AllocationLedger, stream_of
from services.payments.domain.noting import CaseBookIsUnknown
from services.payments.domain.payment import MovedMeanwhile, Payment, PaymentIsUnknown
from services.payments.domain.source import PaymentSource, PaymentSourceIsUnknown
from services.payments.domain.suspense import Item, Suspense
from services.payments.views import PaymentTables

PLANS_MAX = 8


class Desk:
    def __init__(self, log: Log, tables: PaymentTables, clock: Clock, new_id: NewId, asked_by: AskedBy, pages: Pages) -> None:
        self._log, self._tables, self._clock, self._new_id = log, tables, clock, new_id
        self._asked_by, self._pages = asked_by, pages

    async def _source(self, who: Principal, source_id: str) -> PaymentSource:
        source = await self._log.load(PaymentSource, words.uuid(source_id, "source_id"), who.tenant_id)
        if not source.exists or not may_see(who, source.client_id):
            raise PaymentSourceIsUnknown
        return source

    async def _ledger(self, who: Principal, case_id: str) -> AllocationLedger:
        """Of a case that payments has heard of, and that the caller may see."""
        ledger = await self._log.load(AllocationLedger, stream_of(words.uuid(case_id, "case_id")), who.tenant_id)
        return seen(who, ledger)

    async def _whereabouts(self, who: Principal, payment_id: UUID) -> Whereabouts:
        payment = await self._log.load(Payment, payment_id, who.tenant_id)
        if not payment.is_received:
            raise PaymentIsUnknown
        ledgers = [await self._log.load(AllocationLedger, stream_of(case_id), who.tenant_id) for case_id in payment.case_ids]
        waits = await self._log.load(Suspense, payment.suspense_id, who.tenant_id) if payment.waits_in_suspense else None
        if who.scope.client_ids is not None:
            source = await self._log.load(PaymentSource, payment.terms.source_id, who.tenant_id)
            owners = {payment.terms.client_id, source.client_id, *(each.book.traits.client_id for each in ledgers if each.book)}
            if not any(may_see(who, owner) for owner in owners):
                raise PaymentIsUnknown
        return Whereabouts(payment, tuple(ledgers), waits)

    async def _run_planned(
        self, who: Principal, origin: Command, payment_id: UUID, plan: Callable[[Whereabouts], Sequence[Change[Any]]]
    ) -> Stored:
        """Plan by where the payment's money is, and again where it has moved meanwhile."""
        for _ in range(PLANS_MAX):
            at = await self._whereabouts(who, payment_id)
            try:
                return await self._log.run(origin, *plan(at))
            except MovedMeanwhile:
                continue
        raise Conflict(payment_id, at.payment.version)

    async def _must_be_reached(self, min_position: int) -> None:
        """A caller has it from a receipt: what lies beyond the log will not come."""
        if min_position > await self._tables.known_position() and min_position > (await self._log.head()).position:
            raise IsInvalid("min_position", "is a position that the log has not reached")


def may_see(who: Principal, client_id: UUID | None) -> bool:
    """Whoever sees only its own does not see what is of no creditor."""
    visible = who.scope.client_ids
    return visible is None or (client_id is not None and client_id in visible)


def seen(who: Principal, ledger: AllocationLedger) -> AllocationLedger:
    if ledger.book is None or not may_see(who, ledger.book.traits.client_id):
        raise CaseBookIsUnknown
    return ledger


def placements(at: Whereabouts) -> list[pb.Placement]:
    """Where the money of a payment is now: spread over debts, or waiting."""
    of, currency_code = at.payment, at.payment.terms.amount.currency_code
    found = []
    for case_id, ledger in zip(of.case_ids, at.ledgers, strict=True):
        live = [each for each in ledger.allocations_of(of.id) if each.is_live]
        waiting = ledger.waiting.of(of.id)
        if live or waiting:
            found.append(
                pb.Placement(
                    case_id=str(case_id),
                    allocated=_money(currency_code, [each.amount.minor_units for each in live]),
                    allocation_ids=[str(each.id) for each in live],
                    waiting=_money(currency_code, [item.amount.minor_units for item in waiting]),
                    reason=wire.wire_value(waiting[0].reason, receipts.SuspenseReason) if waiting else None,
                )
            )
    return [*found, *(_apart(item) for item in (at.suspense.waiting.of(of.id) if at.suspense else ()))]


def _apart(item: Item) -> pb.Placement:
    """With no case."""
    return pb.Placement(
        allocated=_money(item.amount.currency_code, []),
        waiting=words.wire_money(item.amount),
        reason=wire.wire_value(item.reason, receipts.SuspenseReason),
    )


def _money(currency_code: str, minor_units: Sequence[int]) -> Any:
    return words.wire_money(Money(currency_code, sum(minor_units)))
