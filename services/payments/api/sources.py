"""Asked: sources, their watermarks, and how their files are read."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.chassis.rpc import Context, words
from services.payments.adapters import cobros_mapping
from services.payments.api import wire
from services.payments.api.desk import Desk
from services.payments.application import sources
from services.payments.domain.source import PaymentSource, PaymentSourceIsUnknown, SourceKind


class Sources(Desk):
    async def RegisterPaymentSource(self, request: pb.RegisterPaymentSourceRequest, context: Context) -> pb.RegisterPaymentSourceResponse:
        change = sources.register_source(
            self._new_id(),
            request.external_ref,
            request.name,
            wire.member(SourceKind, receipts.SourceKind, request.kind),
            [words.uuid(portfolio_id, "portfolio_ids") for portfolio_id in request.portfolio_ids],
            request.zone,
            words.uuid_or_none(request.client_id, "client_id"),
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RegisterPaymentSourceResponse(receipt=words.receipt(stored), source_id=str(stored.streams[0].stream_id))

    async def ChangeSourcePortfolios(
        self, request: pb.ChangeSourcePortfoliosRequest, context: Context
    ) -> pb.ChangeSourcePortfoliosResponse:
        source = await self._source(words.caller(context), request.source_id)
        wanted = [words.uuid(portfolio_id, "portfolio_ids") for portfolio_id in request.portfolio_ids]
        stored = await self._log.run(self._asked_by(context, request), sources.change_portfolios(source.id, wanted))
        return pb.ChangeSourcePortfoliosResponse(receipt=words.receipt(stored))

    async def CompletePaymentSource(self, request: pb.CompletePaymentSourceRequest, context: Context) -> pb.CompletePaymentSourceResponse:
        source = await self._source(words.caller(context), request.source_id)
        through = words.day(request.complete_through, "complete_through")
        stored = await self._log.run(self._asked_by(context, request), sources.complete_source(source.id, through, request.evidence_ref))
        return pb.CompletePaymentSourceResponse(receipt=words.receipt(stored))

    async def CorrectPaymentSource(self, request: pb.CorrectPaymentSourceRequest, context: Context) -> pb.CorrectPaymentSourceResponse:
        source = await self._source(words.caller(context), request.source_id)
        through = words.day_or_none(request, "complete_through")
        change = sources.correct_source(source.id, through, request.reason_code, request.evidence_ref)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.CorrectPaymentSourceResponse(receipt=words.receipt(stored))

    async def GetPaymentSource(self, request: pb.GetPaymentSourceRequest, context: Context) -> pb.GetPaymentSourceResponse:
        who, source_id = words.caller(context), request.source_id
        if not source_id:
            named = await self._log.claimed(who.tenant_id, "payment_source", [request.external_ref])
            if request.external_ref not in named:
                raise PaymentSourceIsUnknown
            source_id = str(named[request.external_ref])
        return pb.GetPaymentSourceResponse(source=wire.source_view(await self._source(who, source_id)))

    async def ListPaymentSources(self, request: pb.ListPaymentSourcesRequest, context: Context) -> pb.ListPaymentSourcesResponse:
        who = words.caller(context)
        after, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        portfolio_id = words.uuid_or_none(request.portfolio_id, "portfolio_id")
        position, found = await self._tables.list_sources(
            who.tenant_id, who.scope.client_ids, portfolio_id, int(after[0]) if after else 0, size + 1, request.min_position
        )
        live = [await self._log.load(PaymentSource, row["source_id"], who.tenant_id) for row in found[:size]]
        return pb.ListPaymentSourcesResponse(
            sources=[wire.source_view(source) for source in live],
            next_page_token=self._pages.token((found[size - 1]["registered_at"],), request) if len(found) > size else "",
            position=position,
        )

    async def PublishCobrosMapping(self, request: pb.PublishCobrosMappingRequest, context: Context) -> pb.PublishCobrosMappingResponse:
        source = await self._source(words.caller(context), request.source_id)
        stored = await self._log.run(self._asked_by(context, request), sources.publish_mapping(source.id, request.mapping))
        published = (await self._source(words.caller(context), request.source_id)).mappings
        version = len(published) - published[::-1].index(request.mapping)
        return pb.PublishCobrosMappingResponse(receipt=words.receipt(stored), version=version)

    async def GetCobrosMapping(self, request: pb.GetCobrosMappingRequest, context: Context) -> pb.GetCobrosMappingResponse:
        source = await self._source(words.caller(context), request.source_id)
        mapping = source.mapping(request.version)
        read = cobros_mapping.read(mapping)
        return pb.GetCobrosMappingResponse(
            version=request.version or len(source.mappings),
            mapping=mapping,
            columns=read.columns,
            delimiter=read.delimiter,
            encoding=read.encoding,
        )
