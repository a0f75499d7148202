"""Asked: clients and portfolios."""

from __future__ import annotations

from acuerdo.cases.v1 import service_pb2 as pb

from services.cases import application
from services.cases.api import wire
from services.cases.api.desk import Desk
from services.chassis.rpc import Context, words


class Portfolios(Desk):
    async def RegisterClient(self, request: pb.RegisterClientRequest, context: Context) -> pb.RegisterClientResponse:
        change = application.register_client(self._new_id(), request.external_ref, request.name)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RegisterClientResponse(receipt=words.receipt(stored), client_id=str(stored.streams[0].stream_id))

    async def OpenPortfolio(self, request: pb.OpenPortfolioRequest, context: Context) -> pb.OpenPortfolioResponse:
        client_id = words.uuid(request.client_id, "client_id")
        change = application.open_portfolio(self._new_id(), client_id, request.external_ref, request.name, wire.terms(request.terms))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.OpenPortfolioResponse(receipt=words.receipt(stored), portfolio_id=str(stored.streams[0].stream_id))

    async def ChangePortfolioTerms(self, request: pb.ChangePortfolioTermsRequest, context: Context) -> pb.ChangePortfolioTermsResponse:
        portfolio_id = words.uuid(request.portfolio_id, "portfolio_id")
        effective_from = words.day(request.effective_from, "effective_from")
        change = application.change_portfolio_terms(portfolio_id, wire.terms(request.terms), effective_from)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ChangePortfolioTermsResponse(receipt=words.receipt(stored))

    async def GetPortfolio(self, request: pb.GetPortfolioRequest, context: Context) -> pb.GetPortfolioResponse:
        portfolio = await self._portfolio(words.caller(context), request.portfolio_id)
        return pb.GetPortfolioResponse(portfolio=wire.wire_portfolio(portfolio, portfolio.terms.today(self._clock.now())))
