"""Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""

from __future__ import annotations

from acuerdo.strategy.v1 import service_pb2 as pb
from acuerdo.strategy.v1 import service_pb2_grpc

from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.rpc import Context, words
from services.chassis.rpc.words import AskedBy
from services.strategy import application
from services.strategy.domain import segments, treatment
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.treatment import Treatment, TreatmentIsUnknown


class StrategyApi(service_pb2_grpc.StrategyServicer):
    def __init__(self, log: Log, asked_by: AskedBy) -> None:
        self._log, self._asked_by = log, asked_by

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

    async def GetTreatment(self, request: pb.GetTreatmentRequest, context: Context) -> pb.GetTreatmentResponse:
        found = await self._treatment(words.caller(context), request.case_id)
        return pb.GetTreatmentResponse(
            treatment=pb.Treatment(
                case_id=str(found.case_id),
                segment=found.segment,
                table_version=found.table_version,
                bucket=found.standing.bucket,
                balance=words.wire_money(found.standing.balance),
                has_ended=found.has_ended,
                etag=str(found.version),
            )
        )

    async def ExplainSegment(self, request: pb.ExplainSegmentRequest, context: Context) -> pb.ExplainSegmentResponse:
        who = words.caller(context)
        found = await self._treatment(who, request.case_id)
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

    async def _tables(self, who: Principal) -> SegmentTables:
        return await self._log.load(SegmentTables, segments.stream_of(who.tenant_id), who.tenant_id)

    async def _treatment(self, who: Principal, case_id: str) -> Treatment:
        found = await self._log.load(Treatment, treatment.stream_of(words.uuid(case_id, "case_id")), who.tenant_id)
        if not found.exists or not who.may_see_client(found.client_id):
            raise TreatmentIsUnknown
        return found
