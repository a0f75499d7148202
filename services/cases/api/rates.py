"""Asked of many promises: lists, and kept rates as first published beside what is known now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from acuerdo.cases.v1 import promises_pb2 as pb
from psycopg.rows import DictRow

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.domain.pledges import PromiseState
from services.cases.views.pledged import PromisesAsked
from services.chassis.rpc import Context, words
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid


class Rates(Desk):
    async def ListPromises(self, request: pb.ListPromisesRequest, context: Context) -> pb.ListPromisesResponse:
        who = words.caller(context)
        portfolio = await self._portfolio_key(who, request.portfolio_id)
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        asked = PromisesAsked(
            portfolio.id,
            wire.member(PromiseState, pb.PromiseState, request.state).name if request.state else None,
            words.day_or_none(request, "last_day_from"),
            words.day_or_none(request, "last_day_through"),
        )
        position, found = await self._tables.list_promises(
            who.tenant_id, asked, int(after[0]) if after else 0, size + 1, request.min_position
        )
        return pb.ListPromisesResponse(
            promises=[_row(row) for row in found[:size]],
            next_page_token=self._pages.token((found[size - 1]["made_at"],), request) if len(found) > size else "",
            position=position,
        )

    async def GetPromiseRates(self, request: pb.GetPromiseRatesRequest, context: Context) -> pb.GetPromiseRatesResponse:
        who = words.caller(context)
        portfolio = await self._portfolio(who, request.portfolio_id)
        since, through = words.day(getattr(request, "from"), "from"), words.day(request.through, "through")
        if through < since:
            raise IsInvalid("through", "must not lie before from")
        await self._must_be_reached(request.min_position)
        position, found = await self._tables.promise_rates(who.tenant_id, portfolio.id, since, through, request.min_position)
        currency_code = portfolio.terms.versions[0][1].currency_code
        rates = [_rate(name, rows, currency_code) for name, rows in [*_by_name(found), ("", found)]]
        return pb.GetPromiseRatesResponse(rates=rates, position=position)


def _row(row: DictRow) -> pb.PromiseRow:
    published = row["published"]
    return pb.PromiseRow(
        promise_id=str(row["promise_id"]),
        case_id=str(row["case_id"]),
        state=wire.wire_value(PromiseState[row["state"]], pb.PromiseState),
        is_suspended=row["is_suspended"],
        promised=words.wire_money(Money(row["currency_code"], row["promised"])),
        paid=words.wire_money(Money(row["currency_code"], row["paid"])),
        last_day=words.wire_date(row["last_day"]),
        taken_by=row["taken_by"],
        first_published=wire.wire_value(PromiseState[published], pb.PromiseState) if published else pb.PROMISE_STATE_UNSPECIFIED,
    )


def _by_name(found: Iterable[DictRow]) -> list[tuple[str, list[DictRow]]]:
    names: dict[str, list[DictRow]] = {}
    for row in found:
        names.setdefault(row["taken_by"], []).append(row)
    return sorted(names.items())


def _rate(taken_by: str, rows: Sequence[DictRow], currency_code: str) -> pb.PromiseRate:
    return pb.PromiseRate(
        taken_by=taken_by,
        as_reported=_outcomes([row for row in rows if row["basis"] == "REPORTED"], currency_code),
        as_restated=_outcomes([row for row in rows if row["basis"] == "RESTATED"], currency_code),
    )


def _outcomes(found: Sequence[DictRow], currency_code: str) -> pb.PromiseOutcomes:
    def of(outcome: str) -> int:
        return sum(row["promises"] for row in found if row["outcome"] == outcome)

    return pb.PromiseOutcomes(
        kept=of("KEPT"),
        partly_kept=of("PARTLY_KEPT"),
        broken=of("BROKEN"),
        promised=words.wire_money(Money(currency_code, sum(row["promised"] for row in found))),
        paid=words.wire_money(Money(currency_code, sum(row["paid"] for row in found))),
    )
