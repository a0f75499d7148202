"""Asked: what falls due when, how late a case is by it, and what was reported of that at every month-end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from acuerdo.cases.v1 import instalments_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.desk import Desk, Moment
from services.cases.application import stops
from services.cases.domain import lateness
from services.cases.domain.arrears import Ledger, Unpaid
from services.cases.domain.case import Case
from services.cases.domain.components import ComponentAmount, summed
from services.cases.domain.instalments import Instalment
from services.cases.domain.lateness import DebtClock, Lateness
from services.cases.domain.restatement import Known, at_day_end, month_ends
from services.cases.domain.steps import Step
from services.chassis.rpc import Context, words
from services.kernel.calendar import start_of, zone
from services.kernel.money import total
from services.kernel.refusal import IsInvalid

HISTORY_DAYS_MAX = 7_320
"""Twenty years."""


class Punctuality(Desk):
    async def ScheduleInstalments(self, request: pb.ScheduleInstalmentsRequest, context: Context) -> pb.ScheduleInstalmentsResponse:
        key = await self._key(words.caller(context), request.case_id)
        instalments = [
            Instalment(each.number, words.day(each.due_date, f"instalments[{place}].due_date"), wire.amounts(each.components))
            for place, each in enumerate(request.instalments)
        ]
        change = stops.schedule_instalments(key, words.uuid(request.debt_id, "debt_id"), instalments, request.source_ref)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ScheduleInstalmentsResponse(receipt=words.receipt(stored))

    async def GetDelinquency(self, request: pb.GetDelinquencyRequest, context: Context) -> pb.GetDelinquencyResponse:
        return _wire_delinquency(await self._moment(words.caller(context), request))

    async def GetDelinquencyHistory(self, request: pb.GetDelinquencyHistoryRequest, context: Context) -> pb.GetDelinquencyHistoryResponse:
        at = await self._moment(words.caller(context), request)
        from_, through = words.day(getattr(request, "from"), "from"), words.day(request.through, "through")
        if not 0 <= (through - from_).days <= HISTORY_DAYS_MAX:
            raise IsInvalid("through", f"must lie 0 to {HISTORY_DAYS_MAX} days after the first day")
        through = min(through, at.as_of)
        known_at = words.instant_or_none(request, "as_known_at")
        # Not the clock: what is stored at one instant of it is told apart by microseconds.
        records = await self._log.read_stream(at.case.id, words.caller(context).tenant_id, known_at)
        known = [Known(record.recorded_at, self._log.service.mapper.decode(record.event)) for record in records]
        count = lateness.of_case(at.case)
        ends = [
            at_day_end(known, day, start_of(day + timedelta(days=1), zone(at.case.terms.at(day).zone)), _bucket(count, day))
            for day in month_ends(from_, through)
            if day < at.as_of
        ]
        return pb.GetDelinquencyHistoryResponse(
            intervals=list(_intervals(at.case, count.steps_through(through), from_)),
            month_ends=[
                pb.MonthEnd(day=words.wire_date(end.day), reported=end.reported, restated=end.restated, restated_by=end.restated_by)
                for end in ends
            ],
        )


def _wire_delinquency(at: Moment) -> pb.GetDelinquencyResponse:
    case, day, count = at.case, at.as_of, lateness.of_case(at.case)
    terms, clocks = case.terms.at(day), count.clocks_on(day)
    latest = max((each for clock in clocks if (each := count.count_of(clock, day))), key=lambda each: each.late, default=None)
    latest = latest or (None if clocks else count.declared_count(day))
    unpaid = [(clock, each) for clock in clocks for each in _ledger(case, clock).unpaid_on(day)]
    boundary = count.next_change(case.delinquency.told)
    return pb.GetDelinquencyResponse(
        bucket=_bucket(count, day),
        bucket_set_version=terms.bucket_set.version,
        authority=wire.wire_value(terms.delinquency_authority, types.Authority),
        past_due_units=count.units_on(day),
        oldest_unpaid_due_date=words.wire_date(latest.due_date) if latest else None,
        past_due_days=max(0, latest.gone_by) if latest else 0,
        delinquent_days=max(0, latest.late) if latest else 0,
        paused_days=latest.paused if latest else 0,
        grace_days=terms.delinquency_policy.grace_days if terms.delinquency_policy else 0,
        past_due=words.wire_money(total((part.amount for _, each in unpaid for part in each.components), case.currency_code)),
        debts=[_wire_debt(count, clock, day, [each for of, each in unpaid if of is clock]) for clock in clocks],
        unpaid=[_wire_unpaid(str(clock.debt.id), each, (day - each.instalment.due_date).days) for clock, each in unpaid],
        next_boundary=words.wire_date(boundary) if boundary else None,
        as_of=words.wire_date(day),
        as_known_at=words.timestamp(at.known_at),
    )


def _ledger(case: Case, clock: DebtClock) -> Ledger:
    return Ledger(clock.debt, case.payments.by_allocation.values())


def _wire_debt(count: Lateness, clock: DebtClock, day: date, unpaid: Sequence[Unpaid]) -> pb.DebtDelinquency:
    counted = count.count_of(clock, day)
    return pb.DebtDelinquency(
        debt_id=str(clock.debt.id),
        oldest_unpaid_due_date=words.wire_date(counted.due_date) if counted else None,
        past_due_days=max(0, counted.gone_by) if counted else 0,
        delinquent_days=max(0, counted.late) if counted else 0,
        paused_days=counted.paused if counted else 0,
        components=[_wire_component(part, unpaid) for part in summed(part for each in unpaid for part in each.components)],
    )


def _wire_component(part: ComponentAmount, unpaid: Sequence[Unpaid]) -> pb.ComponentDelinquency:
    oldest = next(each.instalment.due_date for each in unpaid if any(open_.component is part.component for open_ in each.components))
    return pb.ComponentDelinquency(
        component=wire.wire_value(part.component, types.Component),
        oldest_unpaid_due_date=words.wire_date(oldest),
        past_due=words.wire_money(part.amount),
    )


def _wire_unpaid(debt_id: str, each: Unpaid, past_due_days: int) -> pb.UnpaidInstalment:
    return pb.UnpaidInstalment(
        debt_id=debt_id,
        number=each.instalment.number,
        due_date=words.wire_date(each.instalment.due_date),
        unpaid=wire.wire_amounts(each.components),
        past_due_days=past_due_days,
    )


def _bucket(count: Lateness, day: date) -> str:
    bucket = count.bucket_on(day)
    return "" if bucket is None else bucket.name


def _intervals(case: Case, steps: Sequence[Step], from_: date) -> Iterator[pb.BucketInterval]:
    """Those that reach into what was asked, whole."""
    for step, next_step in zip(steps, [*steps[1:], None], strict=True):
        if next_step is None or next_step.since > from_:
            ends: dict[str, Any] = {"from": words.wire_date(step.since)}
            yield pb.BucketInterval(
                to=words.wire_date(next_step.since) if next_step else None,
                bucket=step.bucket,
                bucket_set_version=case.terms.at(step.since).bucket_set.version,
                **ends,
            )
