"""The words of cases, off the wire and back. Nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.domain.batch import Batch, BatchState, ControlTotals
from services.cases.domain.booking import DebtTerms
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.parties import Liability, Party, PartyRole
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.registration import CaseTerms
from services.cases.domain.steps import Declared
from services.cases.domain.terms import Authority, DelinquencyPolicy, PortfolioTerms
from services.chassis.rpc import words

E = TypeVar("E", bound=Enum)

# Enums: the same member names, the wire's with the enum's name before them -----------------------------------------------


def member(kind: type[E], wire: Any, value: Any) -> E:
    """The domain's member of that wire value."""
    return kind[wire.Name(value).removeprefix(_prefix(wire.DESCRIPTOR.name))]


def wire_value(member_: Enum, wire: Any) -> Any:
    return wire.Value(_prefix(wire.DESCRIPTOR.name) + member_.name)


@cache
def _prefix(name: str) -> str:
    """Of an enumeration's values, as the contracts' lint wants it: CLOSE_OUTCOME_ of CloseOutcome."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_") + "_"


# Terms -----------------------------------------------------------------------------------------------------------------


def terms(wire: types.PortfolioTerms) -> PortfolioTerms:
    return PortfolioTerms(
        zone=wire.zone,
        calendar=wire.calendar,
        currency_code=wire.currency_code,
        bucket_set=BucketSet(
            wire.bucket_set.version,
            member(BucketUnit, types.BucketUnit, wire.bucket_set.unit),
            tuple(bucket(each) for each in wire.bucket_set.buckets),
        ),
        balance_authority=member(Authority, types.Authority, wire.balance_authority),
        delinquency_authority=member(Authority, types.Authority, wire.delinquency_authority),
        jurisdiction=wire.jurisdiction,
        delinquency_policy=policy(wire.delinquency_policy) if wire.HasField("delinquency_policy") else None,
        payment_source_ids=tuple(str(words.uuid(each, "terms.payment_source_ids")) for each in wire.payment_source_ids),
    )


def policy(wire: types.DelinquencyPolicy) -> DelinquencyPolicy:
    return DelinquencyPolicy(
        wire.grace_days,
        wire.tolerance_minor_units,
        tuple(member(Component, types.Component, each) for each in wire.counted_components),
        wire.ignores_pauses,
    )


def wire_policy(of: DelinquencyPolicy) -> types.DelinquencyPolicy:
    return types.DelinquencyPolicy(
        grace_days=of.grace_days,
        tolerance_minor_units=of.tolerance_minor_units,
        counted_components=[wire_value(each, types.Component) for each in of.counted_components],
        ignores_pauses=of.ignores_pauses,
    )


def bucket(wire: types.Bucket) -> Bucket:
    # `from` is a word of Python's: the generated class has the field, and no attribute of that name can be written.
    from_ = getattr(wire, "from") if wire.HasField("from") else None
    return Bucket(wire.name, from_, wire.to if wire.HasField("to") else None)


def wire_terms(of: PortfolioTerms) -> types.PortfolioTerms:
    return types.PortfolioTerms(
        zone=of.zone,
        calendar=of.calendar,
        currency_code=of.currency_code,
        bucket_set=types.BucketSet(
            version=of.bucket_set.version,
            unit=wire_value(of.bucket_set.unit, types.BucketUnit),
            buckets=[wire_bucket(each) for each in of.bucket_set.buckets],
        ),
        balance_authority=wire_value(of.balance_authority, types.Authority),
        delinquency_authority=wire_value(of.delinquency_authority, types.Authority),
        jurisdiction=of.jurisdiction,
        delinquency_policy=None if of.delinquency_policy is None else wire_policy(of.delinquency_policy),
        payment_source_ids=of.payment_source_ids,
    )


def wire_bucket(of: Bucket) -> types.Bucket:
    ends: dict[str, Any] = {"from": of.from_, "to": of.to}
    return types.Bucket(name=of.name, **ends)


def wire_portfolio(of: Portfolio, today: date) -> pb.Portfolio:
    return pb.Portfolio(
        portfolio_id=str(of.id),
        client_id=str(of.client_id),
        external_ref=of.external_ref,
        name=of.name,
        terms=wire_terms(of.terms.at(today)),
        etag=str(of.version),
    )


# Batches ---------------------------------------------------------------------------------------------------------------


def totals(wire: types.ControlTotals) -> ControlTotals:
    return ControlTotals(wire.count, words.money(wire.amount))


def wire_totals(of: ControlTotals) -> types.ControlTotals:
    return types.ControlTotals(count=of.count, amount=words.wire_money(of.amount))


def wire_batch(of: Batch) -> pb.Batch:
    return pb.Batch(
        batch_id=str(of.id),
        portfolio_id=str(of.portfolio_id),
        external_ref=of.external_ref,
        state=wire_value(of.state, pb.Batch.State),
        declared=wire_totals(of.declared),
        found=wire_totals(of.found),
        accepted=len(of.cases),
        rejected=[types.RejectedRow(line=row.line, field=row.field, reason=row.reason) for row in of.rejected.values()],
        opened=of.done if of.state is BatchState.RELEASED else 0,
        etag=str(of.version),
    )


# Rows ------------------------------------------------------------------------------------------------------------------


def case_terms(wire: pb.CaseRow | pb.RegisterCaseRequest, batch_id: UUID | None = None, line: int = 0) -> CaseTerms:
    return CaseTerms(
        external_ref=wire.external_ref,
        product=wire.product,
        parties=tuple(party(each) for each in wire.parties),
        debts=tuple(debt_terms(each) for each in wire.debts),
        value_date=words.day_or_none(wire, "value_date"),
        batch_id=batch_id,
        line=line,
    )


def party(wire: types.Party) -> Party:
    return Party(
        words.uuid(wire.person_id, "person_id"),
        member(PartyRole, types.PartyRole, wire.role),
        member(Liability, types.Liability, wire.liability),
    )


def wire_party(of: Party) -> pb.CaseParty:
    return pb.CaseParty(
        person_id=str(of.person_id), role=wire_value(of.role, types.PartyRole), liability=wire_value(of.liability, types.Liability)
    )


def debt_terms(wire: types.Debt) -> DebtTerms:
    return DebtTerms(wire.external_ref, wire.product, amounts(wire.components), words.day_or_none(wire, "oldest_due_date"))


def amounts(wire: Iterable[types.ComponentAmount]) -> tuple[ComponentAmount, ...]:
    return tuple(ComponentAmount(member(Component, types.Component, each.component), words.money(each.amount)) for each in wire)


def wire_amounts(of: Iterable[ComponentAmount]) -> list[types.ComponentAmount]:
    return [
        types.ComponentAmount(component=wire_value(each.component, types.Component), amount=words.wire_money(each.amount)) for each in of
    ]


def declared(wire: pb.ArrearsRow) -> Declared | None:
    """None where the row reports a balance only."""
    found = Declared(
        cycles_past_due=wire.cycles_past_due if wire.HasField("cycles_past_due") else None,
        days_past_due=wire.days_past_due if wire.HasField("days_past_due") else None,
        oldest_unpaid_due_date=words.day_or_none(wire, "oldest_unpaid_due_date"),
    )
    return None if found == Declared() else found
