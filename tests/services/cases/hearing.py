"""What others tell, as a listener of cases gets it, taken in through the real log: one batch for each call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from acuerdo.common.v1.types_pb2 import EventMeta
from google.protobuf.message import Message

from services.cases.reactions import EVIDENCE, REACTIONS
from services.chassis.heard import Heard, Looking
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.kernel.facts import Stream
from services.kernel.ids import derived

TENANT = "demo"
S = TypeVar("S", bound=Stream)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Hearing:
    """The position in one partition of each source, moved with what came of the facts."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._positions: dict[str, int] = {}

    async def hear(self, source: str, stream_id: UUID, version: int, fact: Message) -> None:
        position = self._positions.get(source, 0)
        meta = EventMeta(tenant_id=TENANT, stream_id=stream_id.bytes, version=version)
        heard = Heard(fact, meta, position + 1, NOON)
        found = {**REACTIONS[source], **EVIDENCE.get(source, {})}[type(fact)]
        changes = await found.react(heard, self._look) if isinstance(found, Looking) else found(heard)
        origin = HeardFact(f"cases.{source}", TENANT, heard.origin, derived("correlation", 1), NOON)
        up_to = HeardUpTo(f"cases.{source}", source, 1, 0, position, position + 1)
        await self._log.run_heard(up_to, [(origin, list(changes))])
        self._positions[source] = position + 1

    async def _look(self, stream: type[S], stream_id: UUID) -> S:
        return await self._log.load(stream, stream_id, TENANT)
