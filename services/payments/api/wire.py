"""The words of payments, off the wire and back. Nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.chassis.rpc import words
from services.kernel.money import Money
from services.payments.domain.components import Component
from services.payments.domain.ledger import Allocation, AllocationLedger, AllocationLine
from services.payments.domain.payment import Payment, PaymentTerms
from services.payments.domain.source import PaymentSource
from services.payments.domain.waterfall import Share, Waterfall

E = TypeVar("E", bound=Enum)


def member(kind: type[E], wire: Any, value: Any) -> E:
    """The domain's member of that wire value."""
    return kind[wire.Name(value).removeprefix(_prefix(wire.DESCRIPTOR.name))]


def wire_value(member_: Enum, wire: Any) -> Any:
    return wire.Value(_prefix(wire.DESCRIPTOR.name) + member_.name)


@cache
def _prefix(name: str) -> str:
    """Of an enumeration's values, as the contracts' lint wants it: SOURCE_KIND_ of SourceKind."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_") + "_"


# Off the wire -----------------------------------------------------------------------------------------------------------


def terms(source: PaymentSource, wire: pb.RecordPaymentRequest | pb.PaymentRow) -> PaymentTerms:
    """A reference without a creditor is the source's creditor's."""
    client_id = words.uuid_or_none(wire.client_id, "client_id")
    return PaymentTerms(
        source_id=source.id,
        provider_ref=wire.provider_ref,
        amount=words.money(wire.amount),
        value_date=words.day(wire.value_date, "value_date"),
        case_id=words.uuid_or_none(wire.case_id, "case_id"),
        client_id=client_id or (source.client_id if wire.external_ref else None),
        external_ref=wire.external_ref,
        designated_debt_ids=tuple(words.uuid(debt_id, "designated_debt_ids") for debt_id in wire.designated_debt_ids),
        commitment_id=words.uuid_or_none(wire.commitment_id, "commitment_id"),
        attempt_id=words.uuid_or_none(wire.attempt_id, "attempt_id"),
    )


# Back onto the wire -----------------------------------------------------------------------------------------------------


def source_view(source: PaymentSource) -> pb.PaymentSourceView:
    return pb.PaymentSourceView(
        source_id=str(source.id),
        external_ref=source.external_ref,
        name=source.name,
        kind=wire_value(source.kind, receipts.SourceKind),
        portfolio_ids=[str(portfolio_id) for portfolio_id in source.portfolio_ids],
        zone=source.zone,
        client_id=str(source.client_id or ""),
        complete_through=_day(source.complete_through),
        mapping_version=len(source.mappings),
        etag=str(source.version),
    )


def payment_view(payment: Payment, placements: Iterable[pb.Placement]) -> pb.PaymentView:
    terms = payment.terms
    return pb.PaymentView(
        payment_id=str(payment.id),
        source_id=str(terms.source_id),
        source=wire_value(payment.source, receipts.SourceKind),
        provider_ref=terms.provider_ref,
        amount=words.wire_money(terms.amount),
        value_date=words.wire_date(terms.value_date),
        client_id=str(terms.client_id or ""),
        external_ref=terms.external_ref,
        designated_debt_ids=[str(debt_id) for debt_id in terms.designated_debt_ids],
        commitment_id=str(terms.commitment_id or ""),
        attempt_id=str(terms.attempt_id or ""),
        link_id=str(terms.link_id or ""),
        file_ref=terms.file_ref,
        line=terms.line,
        placements=placements,
        reversed_on=_day(payment.reversed_on),
        reversed_because=wire_value(payment.reversed_because, receipts.PaymentReversalCause) if payment.reversed_because else None,
        etag=str(payment.version),
    )


def allocation(known: Allocation, ledger: AllocationLedger) -> pb.LedgerAllocation:
    credit = ledger.credits.get(known.id)
    return pb.LedgerAllocation(
        allocation_id=str(known.id),
        payment_id=str(known.payment_id),
        amount=words.wire_money(known.amount),
        lines=[line(each) for each in known.lines],
        value_date=words.wire_date(known.value_date),
        waterfall_version=known.waterfall_version,
        source=known.source,
        reversed_on=_day(known.reversed_on),
        reversed_because=wire_value(known.reversed_because, told.ReversalCause) if known.reversed_because else None,
        credit=words.wire_money(credit) if credit else None,
        version=known.version,
    )


def line(known: AllocationLine) -> told.AllocationLine:
    return told.AllocationLine(
        debt_id=known.debt_id.bytes,
        component=component(known.component),
        amount=words.wire_money(known.amount),
        instalment=known.instalment,
        commitment_id=known.commitment_id.bytes if known.commitment_id else b"",
        rule=known.rule,
    )


def reason(share: Share, order: Waterfall, currency_code: str) -> pb.AllocationReason:
    said = {step.rule: step.words for step in order.steps}
    is_credit = not share.owed_before
    return pb.AllocationReason(
        debt_id=str(share.debt_id),
        component=component(share.component),
        amount=words.wire_money(Money(currency_code, share.minor_units)),
        rule=share.rule,
        cite=share.cite,
        words="More than is owed: a credit on the debt." if is_credit else said.get(share.rule, ""),
        dueness="" if is_credit else share.dueness.name,
        owed_before=words.wire_money(Money(currency_code, share.owed_before)),
        shared_with=share.shared_with,
        commitment_id=str(share.commitment_id or ""),
        left_after=words.wire_money(Money(currency_code, share.left_after)),
    )


def component(of: Component) -> Any:
    return wire_value(of, types.Component)


def amounts(by_component: Mapping[Component, int], currency_code: str) -> list[types.ComponentAmount]:
    return [
        types.ComponentAmount(component=component(each), amount=words.wire_money(Money(currency_code, minor_units)))
        for each, minor_units in by_component.items()
        if minor_units
    ]


def _day(day: date | None) -> Any:
    return None if day is None else words.wire_date(day)
