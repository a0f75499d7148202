"""Asked: who has acted on a hold and how soon, who has not, and whom we contacted meanwhile."""

from __future__ import annotations

from datetime import datetime

from acuerdo.cases.v1 import heeding_pb2 as pb
from acuerdo.contacts.v1.types_pb2 import Channel as WireChannel
from google.protobuf.duration_pb2 import Duration

from services.cases.api import wire
from services.cases.api.because.chain import Chain
from services.cases.api.desk import Desk, seen
from services.cases.domain.case import Case
from services.cases.domain.heeding import Acknowledgement
from services.cases.domain.holding import HoldIsUnknown
from services.cases.domain.holds import Hold
from services.chassis.rpc import Context, words


class Acknowledgements(Desk):
    async def GetHoldAcknowledgements(
        self, request: pb.GetHoldAcknowledgementsRequest, context: Context
    ) -> pb.GetHoldAcknowledgementsResponse:
        who, case_id = words.caller(context), words.uuid(request.case_id, "case_id")
        chain = Chain(case_id, await self._log.read_stream(case_id, who.tenant_id), self._log.service.mapper)
        case = seen(who, chain.case)
        hold_id = words.uuid_or_none(request.hold_id, "hold_id")
        if hold_id is not None and hold_id not in case.holds.by_id:
            raise HoldIsUnknown(hold_id=hold_id)
        recorded = {link.record.version: link.record.recorded_at for link in chain.links}
        holds = [hold for hold in case.holds.by_id.values() if hold_id in (None, hold.id)]
        return pb.GetHoldAcknowledgementsResponse(holds=[_heeding(case, hold, recorded) for hold in holds])


def _heeding(case: Case, hold: Hold, recorded: dict[int, datetime]) -> pb.HoldHeeding:
    placed_at = recorded[hold.version]
    acknowledged = case.heeding.by_hold.get(hold.id, {})
    return pb.HoldHeeding(
        hold_id=str(hold.id),
        placed_at=words.timestamp(placed_at),
        heed_by=words.timestamp(hold.heed_by) if hold.heed_by else None,
        acknowledgements=[_acknowledgement(service, each, placed_at, recorded) for service, each in sorted(acknowledged.items())],
        awaited=case.heeding.awaited(hold),
        missed=case.heeding.missed.get(hold.id, ()),
    )


def _acknowledgement(service: str, of: Acknowledgement, placed_at: datetime, recorded: dict[int, datetime]) -> pb.HoldAcknowledgement:
    latency = Duration()
    latency.FromTimedelta(recorded[of.version] - placed_at)
    return pb.HoldAcknowledgement(
        service=service,
        heeded_at=words.timestamp(of.heeded_at),
        recorded_at=words.timestamp(recorded[of.version]),
        latency=latency,
        stopped=of.stopped,
        contacts_between=[
            pb.ContactMade(
                interaction_id=str(each.interaction_id),
                at=words.timestamp(each.at),
                channel=wire.wire_value(each.channel, WireChannel),
            )
            for each in of.contacts_between
        ],
    )
