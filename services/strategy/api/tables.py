"""Asked about segments: the tables by which cases are put into them, and why a case is in one."""

from __future__ import annotations

from acuerdo.strategy.v1 import service_pb2 as pb

from services.chassis.rpc import Context, words
from services.strategy import application
from services.strategy.api.desk import Desk


class Tables(Desk):
    async def PublishSegmentTable(self, request: pb.PublishSegmentTableRequest, context: Context) -> pb.PublishSegmentTableResponse:
        who = words.caller(context)
        change = application.publish_segment_table(who.tenant_id, request.name, request.table)
        stored = await self._log.run(self._asked_by(context, request), change)
        version = (await self._tables(who)).version_of(request.table)
        return pb.PublishSegmentTableResponse(receipt=words.receipt(stored), version=version)

    async def ActivateSegmentTable(self, request: pb.ActivateSegmentTableRequest, context: Context) -> pb.ActivateSegmentTableResponse:
        change = application.activate_segment_table(words.caller(context).tenant_id, request.version)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ActivateSegmentTableResponse(receipt=words.receipt(stored))

    async def GetSegmentTable(self, request: pb.GetSegmentTableRequest, context: Context) -> pb.GetSegmentTableResponse:
        tables = await self._tables(words.caller(context))
        table = tables.known(request.version or tables.active_version)
        return pb.GetSegmentTableResponse(
            version=table.version,
            name=table.name,
            table=table.table,
            table_hash=table.table_hash,
            is_active=table.version == tables.active_version,
            latest_version=tables.latest_version,
            etag=str(tables.version),
        )

    async def ExplainSegment(self, request: pb.ExplainSegmentRequest, context: Context) -> pb.ExplainSegmentResponse:
        who, found = await self._treated(context, request)
        explained = application.explain_segment(found, await self._tables(who))
        return pb.ExplainSegmentResponse(
            segment=explained.match.segment,
            table_version=explained.table_version,
            row_id=explained.match.row_id,
            reason=explained.match.reason,
            bucket=explained.inputs.bucket,
            balance=words.wire_money(explained.inputs.balance),
            is_reproduced=explained.is_reproduced,
            client_id=str(explained.inputs.client_id),
        )
