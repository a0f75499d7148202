"""Asked: worklists: the cases an agent has, or those that wait for one, from the read models."""

from __future__ import annotations

from acuerdo.cases.v1 import workforce_pb2 as pb
from psycopg.rows import DictRow

from services.cases.api.desk import Desk
from services.cases.domain.periods import Period
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.terms import Authority
from services.cases.views import WorklistAsked
from services.chassis.rpc import Context, words
from services.kernel.money import Money


class Worklists(Desk):
    async def GetWorklist(self, request: pb.GetWorklistRequest, context: Context) -> pb.GetWorklistResponse:
        who = words.caller(context)
        after, size = self._pages.after(request), self._pages.size(request)
        asked = WorklistAsked(
            words.uuid_or_none(request.agent_id, "agent_id"), words.uuid_or_none(request.team_id, "team_id"), who.scope.client_ids
        )
        await self._must_be_reached(request.min_position)
        position, found = await self._tables.worklist(
            who.tenant_id, asked, self._clock.now(), int(after[0]) if after else 0, size + 1, request.min_position
        )
        portfolios = {id_: await self._portfolio_of(who, id_) for id_ in {row["portfolio_id"] for row in found}}
        return pb.GetWorklistResponse(
            rows=[self._row(row, portfolios[row["portfolio_id"]]) for row in found[:size]],
            next_page_token=self._pages.token((found[size - 1]["since"],), request) if len(found) > size else "",
            position=position,
        )

    def _row(self, row: DictRow, portfolio: Portfolio) -> pb.WorklistRow:
        today = portfolio.terms.today(self._clock.now())
        creditor_says = portfolio.terms.at(today).balance_authority is Authority.CREDITOR
        balance = row["reported"] if creditor_says and row["reported"] is not None else row["ledger"]
        return pb.WorklistRow(
            case_id=str(row["case_id"]),
            external_ref=row["external_ref"],
            portfolio_id=str(row["portfolio_id"]),
            bucket=row["bucket"],
            balance=words.wire_money(Money(row["currency_code"], balance)),
            segment=row["segment"],
            agent_id=str(row["agent_id"] or ""),
            lease_until=words.timestamp(row["lease_until"]) if row["lease_until"] else None,
            is_on_hold=any(Period(*held).holds(today) for held in row["holds"]),
            etag=str(row["version"]),
        )
