"""Asked of many cases: lists and reports, from the read models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from psycopg.rows import DictRow

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.domain.lifecycle import Lifecycle
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.terms import Authority
from services.cases.views import AgingGroup, CaseFilter, Look
from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.kernel.calendar import start_of, zone
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid


class Lists(Desk):
    async def ListCases(self, request: pb.ListCasesRequest, context: Context) -> pb.ListCasesResponse:
        who = words.caller(context)
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        position, found = await self._tables.list_cases(
            who.tenant_id, _chosen(who, request), int(after[0]) if after else 0, size + 1, request.min_position
        )
        portfolios = {id_: await self._portfolio_of(who, id_) for id_ in {row["portfolio_id"] for row in found}}
        return pb.ListCasesResponse(
            cases=[self._summary(row, portfolios[row["portfolio_id"]]) for row in found[:size]],
            next_page_token=self._pages.token((found[size - 1]["registered_at"],), request) if len(found) > size else "",
            position=position,
        )

    def _summary(self, row: DictRow, portfolio: Portfolio) -> pb.CaseSummary:
        today = portfolio.terms.today(self._clock.now())
        reported = row["reported"] if _creditor_says(portfolio, today) else None
        balance = row["ledger"] if reported is None else reported
        return pb.CaseSummary(
            case_id=str(row["case_id"]),
            client_id=str(row["client_id"]),
            portfolio_id=str(row["portfolio_id"]),
            external_ref=row["external_ref"],
            lifecycle=wire.wire_value(Lifecycle[row["lifecycle"]], types.Lifecycle),
            bucket=row["bucket"],
            balance=words.wire_money(Money(row["currency_code"], balance)),
            segment=row["segment"],
            etag=str(row["version"]),
        )

    async def GetAgingReport(self, request: pb.GetAgingReportRequest, context: Context) -> pb.GetAgingReportResponse:
        who = words.caller(context)
        portfolio = await self._portfolio(who, request.portfolio_id)
        as_of, since = words.day(request.as_of, "as_of"), words.day_or_none(request, "since")
        if since is not None and since >= as_of:
            raise IsInvalid("since", "must lie before as_of")
        as_reported = request.basis == pb.BASIS_REPORTED
        await self._must_be_reached(request.min_position)
        position, groups = await self._tables.aging(
            who.tenant_id,
            portfolio.id,
            _look(portfolio, as_of, as_reported),
            _look(portfolio, since, as_reported) if since else None,
            request.min_position,
        )
        currency_code, order = portfolio.terms.at(as_of).currency_code, _order(portfolio, as_of, since)
        return pb.GetAgingReportResponse(
            rows=_aging_rows(groups, order, currency_code),
            rolls=_rolls(groups, order, currency_code) if since else [],
            position=position,
        )


def _chosen(who: Principal, request: pb.ListCasesRequest) -> CaseFilter:
    lifecycle = wire.member(Lifecycle, types.Lifecycle, request.lifecycle)
    return CaseFilter(
        client_ids=who.scope.client_ids,
        client_id=words.uuid_or_none(request.client_id, "client_id"),
        portfolio_id=words.uuid_or_none(request.portfolio_id, "portfolio_id"),
        batch_id=words.uuid_or_none(request.batch_id, "batch_id"),
        person_id=words.uuid_or_none(request.person_id, "person_id"),
        external_ref=request.external_ref or None,
        bucket=request.bucket or None,
        segment=request.segment or None,
        lifecycle=None if lifecycle is Lifecycle.UNSPECIFIED else lifecycle.name,
    )


def _look(portfolio: Portfolio, day: date, as_reported: bool) -> Look:
    """A day ends at the midnight that follows it, in the portfolio's zone; as reported is what was known by then."""
    ends_at = start_of(day + timedelta(days=1), zone(portfolio.terms.at(day).zone))
    return Look(day, ends_at, ends_at if as_reported else None, _creditor_says(portfolio, day))


def _creditor_says(portfolio: Portfolio, day: date) -> bool:
    return portfolio.terms.at(day).balance_authority is Authority.CREDITOR


def _order(portfolio: Portfolio, *days: date | None) -> dict[str, int]:
    """Buckets from best to worst by the sets in force on these days, after none at all."""
    names = [bucket.name for day in days if day is not None for bucket in portfolio.terms.at(day).bucket_set.buckets]
    return {name: place for place, name in enumerate(dict.fromkeys(["", *names]))}


def _aging_rows(groups: Sequence[AgingGroup], order: dict[str, int], currency_code: str) -> list[pb.AgingRow]:
    now: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    before: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group in groups:
        if group.is_in:
            _add(now[group.bucket], group.cases, group.balance)
        if group.was_in and group.bucket_before:
            _add(before[group.bucket_before], group.cases, group.balance_before)
    # Every bucket of the set has its row, also with nobody in it; a row for none only where cases have none.
    names = sorted({*now, *before, *order} - (set() if "" in now else {""}), key=lambda name: order.get(name, len(order)))
    return [
        pb.AgingRow(
            bucket=name,
            count=now[name][0],
            balance=words.wire_money(Money(currency_code, now[name][1])),
            count_before=before[name][0],
            balance_before=words.wire_money(Money(currency_code, before[name][1])),
        )
        for name in names
    ]


def _rolls(groups: Sequence[AgingGroup], order: dict[str, int], currency_code: str) -> list[pb.RollRow]:
    """Of the cases that are in at the second day: from the bucket they had at the first, or from none (an entry)."""
    flows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for group in groups:
        if group.is_in and group.bucket:
            _add(flows[group.bucket_before if group.was_in else "", group.bucket], group.cases, group.balance)
    ordered = sorted(flows.items(), key=lambda flow: tuple(order.get(name, len(order)) for name in flow[0]))
    return [
        pb.RollRow(to=to, count=cases, balance=words.wire_money(Money(currency_code, balance)), **{"from": from_})
        for (from_, to), (cases, balance) in ordered
    ]


def _add(sums: list[int], cases: int, balance: int) -> None:
    sums[0] += cases
    sums[1] += balance
