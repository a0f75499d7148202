"""Sight: which records of our log a client's own token is shown: those of the streams that belong to the client."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as told

from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.log.units import Record

STREAMS_KNOWN_MAX = 100_000


class Sight:
    """A stream's first fact says whose it is, and that never changes. Who read a case file is for nobody outside."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._client_of: OrderedDict[UUID, UUID | None] = OrderedDict()

    async def __call__(self, who: Principal, records: Sequence[Record]) -> Sequence[Record]:
        seen: list[Record] = []
        for record in records:
            client_id = await self._client(record)
            if client_id is not None and who.may_see_client(client_id):
                seen.append(record)
        return seen

    async def _client(self, record: Record) -> UUID | None:
        if record.stream_id not in self._client_of:
            first = record if record.version == 1 else (await self._log.read_stream(record.stream_id, record.tenant_id))[0]
            self._client_of[record.stream_id] = client_of(first)
            if len(self._client_of) > STREAMS_KNOWN_MAX:
                self._client_of.popitem(last=False)
        return self._client_of[record.stream_id]


def client_of(first: Record) -> UUID | None:
    """The client that a stream beginning with this record belongs to; None for one that belongs to no client."""
    event = told.CaseEvent.FromString(first.event)
    match event.WhichOneof("event"):
        case "client_registered":
            return first.stream_id
        case "portfolio_opened":
            return UUID(bytes=event.portfolio_opened.client_id)
        case "batch_received":
            return UUID(bytes=event.batch_received.client_id)
        case "docket_entered":
            return UUID(bytes=event.docket_entered.client_id)
        case "case_registered":
            return UUID(bytes=event.case_registered.client_id)
        case _:
            return None
