"""The Log servicer: acuerdo.common.v1.Log over the history of one service, for listeners with a gap and for auditors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from acuerdo.common.v1 import log_pb2, log_pb2_grpc

from services.chassis.follower.record import partition_of
from services.chassis.identity import Principal
from services.chassis.log.log import Epoch, Log
from services.chassis.log.units import HistoryDoesNotVerify, Record
from services.chassis.rpc import Context, words
from services.kernel.refusal import IsUnknown

PAGE_RECORDS, PAGE_RECORDS_MIN = 500, 50
CHUNK_BYTES_MAX = 1024 * 1024
"""Of one message: well below what a client takes by default (4 MiB)."""
LOOK_BACK_RECORDS = 256

MaySee = Callable[[Principal, Sequence[Record]], Awaitable[Sequence[Record]]]
"""Port: of these records, those that a caller who is a client may see (of its own streams), in order."""


class StreamIsUnknown(IsUnknown):
    """There is no such stream."""


async def nothing_of_theirs(_: Principal, __: Sequence[Record]) -> Sequence[Record]:
    """For a service whose streams belong to no client: a client sees nothing."""
    return ()


class LogService(log_pb2_grpc.LogServicer):
    """`may_see` narrows what a client's own token is shown."""

    def __init__(self, log: Log, may_see: MaySee = nothing_of_theirs) -> None:
        self._log, self._may_see = log, may_see

    async def Replay(self, request: log_pb2.ReplayRequest, context: Context) -> AsyncIterator[log_pb2.ReplayResponse]:
        """Ends at what was stored when it was asked, or at `limit`."""
        who, left = words.caller(context), request.limit or None
        wire = await self._wiring(request, who)
        async for page in self._pages(request, who):
            chunk, size = log_pb2.ReplayResponse(), 0
            for record in wire.each(await self._seen(who, [record for record in page if wire.wants(record)])):
                chunk.records.append(record)
                size += len(record.event)
                left = None if left is None else left - 1
                if size >= CHUNK_BYTES_MAX or left == 0:
                    yield chunk
                    chunk, size = log_pb2.ReplayResponse(), 0
                if left == 0:
                    return
            if chunk.records:
                yield chunk

    async def Head(self, request: log_pb2.HeadRequest, context: Context) -> log_pb2.HeadResponse:
        standing, epoch = await self._log.head(), await self._log.epoch()
        head = log_pb2.Head(epoch=standing.epoch, position=standing.position, complete_through=words.timestamp(standing.complete_through))
        return log_pb2.HeadResponse(head=head, partitions=epoch.partitions)

    async def VerifyStream(self, request: log_pb2.VerifyStreamRequest, context: Context) -> log_pb2.VerifyStreamResponse:
        who, stream_id = words.caller(context), words.uuid(request.stream_id, "stream_id")
        try:
            records = await self._stream(who, stream_id)
        except HistoryDoesNotVerify as broken:
            return log_pb2.VerifyStreamResponse(version=broken.version - 1, broken_at_version=broken.version, finding=broken.finding)
        if not records:
            raise StreamIsUnknown
        return log_pb2.VerifyStreamResponse(intact=True, version=records[-1].version, head_hash=records[-1].hash)

    # What is asked for -------------------------------------------------------------------------------------------------

    async def _pages(self, request: log_pb2.ReplayRequest, who: Principal) -> AsyncIterator[Sequence[Record]]:
        """Records after the asked position, in log order, up to where the log stands now."""
        if request.stream_id:
            records = await self._stream(who, words.uuid(request.stream_id, "stream_id"))
            yield [record for record in records if record.position > request.after_position]
            return
        after, end = request.after_position, (await self._log.head()).position
        size = min(PAGE_RECORDS, max(request.limit, PAGE_RECORDS_MIN)) if request.limit else PAGE_RECORDS
        while after < end and (page := await self._log.read(after, min(size, end - after))):
            yield page
            after = page[-1].position

    async def _stream(self, who: Principal, stream_id: UUID) -> Sequence[Record]:
        """The verified chain of a stream of the caller's tenant; nothing for another tenant's."""
        # Before it is read: whether another tenant's history holds is not the caller's to know either.
        tenant_id = await self._log.tenant_of(stream_id)
        if tenant_id is None or not who.may_see_tenant(tenant_id):
            return ()
        return await self._log.read_stream(stream_id, tenant_id)

    async def _seen(self, who: Principal, records: Sequence[Record]) -> Sequence[Record]:
        theirs = [record for record in records if who.may_see_tenant(record.tenant_id)]
        return theirs if who.scope.client_ids is None or not theirs else await self._may_see(who, theirs)

    async def _wiring(self, request: log_pb2.ReplayRequest, who: Principal) -> _Wire:
        wire = _Wire(await self._log.epochs(), frozenset(request.types), request.partition if request.HasField("partition") else None)
        # Who sees some tenants' records only could not use it, and would learn how much the others do.
        if wire.partition is not None and who.is_of_the_platform:
            wire.previous = await self._last_up_to(wire, request.after_position)
        return wire

    async def _last_up_to(self, wire: _Wire, position: int) -> dict[int, int]:
        """By epoch: the last position of the partition at or before `position`, looked for backwards; where it starts, if there is none."""
        before, looked = position, LOOK_BACK_RECORDS
        while before > 0:
            after = max(0, before - looked)
            found = [record for record in await self._log.read(after, before - after) if wire.is_of_the_partition(record)]
            if found:
                return {found[-1].epoch: found[-1].position}
            before, looked = after, looked * 2
        return {}


class _Wire:
    """Stored records to those of the contract, with what only the log's order knows: partition and previous position."""

    def __init__(self, epochs: Sequence[Epoch], types: frozenset[str], partition: int | None) -> None:
        self._epochs = {epoch.number: epoch for epoch in epochs}
        self._types, self.partition = types, partition
        self.previous: dict[int, int] | None = None

    def wants(self, record: Record) -> bool:
        """By partition only: records of types that are not asked for count as `previous` of those that are."""
        return self.partition is None or self.is_of_the_partition(record)

    def is_of_the_partition(self, record: Record) -> bool:
        return self._partition(record) == self.partition

    def each(self, records: Sequence[Record]) -> Sequence[log_pb2.Record]:
        return [wired for record in records if (wired := self._wired(record)) is not None]

    def _wired(self, record: Record) -> log_pb2.Record | None:
        previous = 0
        if self.previous is not None:
            previous = self.previous.get(record.epoch, self._epochs[record.epoch].starts_after)
            self.previous[record.epoch] = record.position
        if self._types and record.type_name not in self._types:
            return None
        return log_pb2.Record(
            position=record.position,
            recorded_at=words.timestamp(record.recorded_at),
            epoch=record.epoch,
            partition=self._partition(record),
            previous=previous,
            type=record.type_name,
            event=record.event,
            traceparent=record.traceparent,
        )

    def _partition(self, record: Record) -> int:
        return partition_of(record.stream_id, self._epochs[record.epoch].partitions)
