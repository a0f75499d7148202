"""Asked of one case: where it stands and what it owes, on a day and as known at an instant."""

from __future__ import annotations

from datetime import date

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.domain import lateness
from services.cases.domain.balance import balance_at, ledger_at
from services.cases.domain.buckets import BucketUnit
from services.cases.domain.case import Case
from services.chassis.rpc import Context, words


class Questions(Desk):
    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        at = await self._moment(words.caller(context), request)
        return pb.GetCaseResponse(
            case=_wire_case(at.case, at.as_of), as_of=words.wire_date(at.as_of), as_known_at=words.timestamp(at.known_at)
        )

    async def GetBalance(self, request: pb.GetBalanceRequest, context: Context) -> pb.GetBalanceResponse:
        at = await self._moment(words.caller(context), request)
        case, reported = at.case, at.case.balance.reported_as_of(at.as_of)
        return pb.GetBalanceResponse(
            balance=words.wire_money(balance_at(case, at.as_of)),
            authority=wire.wire_value(case.terms.at(at.as_of).balance_authority, types.Authority),
            ledger_balance=words.wire_money(ledger_at(case, at.as_of)),
            debts=[
                pb.DebtBalance(debt_id=str(debt.id), components=wire.wire_amounts(debt.components_on(at.as_of)))
                for debt in case.debts.by_id.values()
                if debt.counts_on(at.as_of)
            ],
            reported_balance=words.wire_money(reported[1]) if reported else None,
            reported_as_of=words.wire_date(reported[0]) if reported else None,
            as_of=words.wire_date(at.as_of),
            as_known_at=words.timestamp(at.known_at),
        )


def _wire_case(case: Case, as_of: date) -> pb.Case:
    terms, count = case.terms.at(as_of), lateness.of_case(case)
    units, course = count.units_on(as_of), count.steps_through(as_of)
    since = course[-1].since if course else None
    in_days = terms.bucket_set.unit is BucketUnit.DAYS
    return pb.Case(
        case_id=str(case.id),
        client_id=str(case.client_id),
        portfolio_id=str(case.portfolio_id),
        external_ref=case.external_ref,
        product=case.product,
        jurisdiction=case.jurisdiction,
        batch_id=str(case.batch_id) if case.batch_id else "",
        lifecycle=wire.wire_value(case.lifecycle, types.Lifecycle),
        outcome=wire.wire_value(case.outcome, types.CloseOutcome) if case.outcome else types.CLOSE_OUTCOME_UNSPECIFIED,
        bucket=course[-1].bucket if course else "",
        bucket_since=words.wire_date(since) if since else None,
        cycles_past_due=None if in_days else units,
        days_past_due=units if in_days else None,
        balance=words.wire_money(balance_at(case, as_of)),
        debts=[
            pb.CaseDebt(
                debt_id=str(debt.id),
                external_ref=debt.external_ref,
                product=debt.product,
                components=wire.wire_amounts(debt.components_on(as_of)),
                is_detached=debt.detached_on is not None and debt.detached_on <= as_of,
            )
            for debt in case.debts.by_id.values()
        ],
        parties=[wire.wire_party(party) for party in case.parties.by_person.values()],
        segment=case.segment.name,
        etag=str(case.version),
        registered_at=words.timestamp(case.registered_at) if case.registered_at else None,
        updated_at=words.timestamp(case.modified_on),
    )
