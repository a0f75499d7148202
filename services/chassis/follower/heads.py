"""Heads: how far a service's topic is complete, said on `acuerdo.<service>.v1.heads`. They reveal a lost tail and give watermarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from acuerdo.common.v1 import log_pb2
from aiokafka import AIOKafkaProducer
from google.protobuf.message import DecodeError

from services.chassis.follower.record import RecordIsUnreadable
from services.chassis.follower.relayed import Relayed
from services.chassis.follower.topics import heads_topic
from services.chassis.log.log import Head, Log

IDLE_EVERY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class HeadHeard:
    """What a source said of one partition: whoever has heard `partition_position` knows everything up to `complete_through`."""

    epoch: int
    partition: int
    position: int
    partition_position: int
    complete_through: datetime


class Heads:
    """The saying side. A head waits until everything it speaks of is acknowledged."""

    def __init__(self, log: Log, service: str, *, every_seconds: float) -> None:
        self._log, self._service = log, service
        self._every_seconds = every_seconds
        self._said_at = float("-inf")
        self._said_position = -1
        self._taken: Head | None = None
        self._is_asked_for = False

    def ask(self) -> None:
        """Say it now, whatever was said a moment ago."""
        self._is_asked_for = True

    def seconds_to_next(self, position: int) -> float:
        """Until the next head is to be said, where our topic stands at `position`."""
        if self._is_asked_for or self._taken is not None:
            return 0.0 if self._taken is None else self._every_seconds
        every = self._every_seconds if position != self._said_position else IDLE_EVERY_SECONDS
        return max(0.0, self._said_at + every - monotonic())

    async def tell(self, producer: AIOKafkaProducer, relayed: Relayed) -> None:
        """Take a head when it is time, and say the one taken once we have caught up with it."""
        if self._is_asked_for or (self._taken is None and self.seconds_to_next(relayed.position) <= 0):
            self._is_asked_for = False
            self._taken = await self._log.head()
        taken = self._taken
        if taken is None or relayed.position < taken.position:
            return
        self._taken = None
        batch = producer.create_batch()
        for partition in range(relayed.partitions_of(taken.epoch)):
            head = log_pb2.Head(epoch=taken.epoch, position=taken.position, partition_position=_last(relayed, taken.epoch, partition))
            head.complete_through.FromDatetime(taken.complete_through)
            batch.append(key=b"%d" % partition, value=head.SerializeToString(), timestamp=None)
        await (await producer.send_batch(batch, heads_topic(self._service), partition=0))
        self._said_at, self._said_position = monotonic(), relayed.position


def read_head(key: bytes | None, value: bytes | None) -> HeadHeard:
    """Of a record on the heads topic; RecordIsUnreadable when it is none."""
    try:
        head = log_pb2.Head.FromString(value or b"")
        return HeadHeard(head.epoch, int(key or b""), head.position, head.partition_position, head.complete_through.ToDatetime(UTC))
    except (ValueError, DecodeError) as error:
        raise RecordIsUnreadable(f"no head: {error!r}") from error


def newest(heads: Sequence[HeadHeard]) -> dict[int, HeadHeard]:
    """By partition; lower heads are those of a relay that came back late, and say nothing new."""
    found: dict[int, HeadHeard] = {}
    for head in heads:
        known = found.get(head.partition)
        if known is None or (head.epoch, head.position, head.complete_through) > (known.epoch, known.position, known.complete_through):
            found[head.partition] = head
    return found


def _last(relayed: Relayed, epoch: int, partition: int) -> int:
    return relayed.acknowledged.get((epoch, partition), (relayed.epochs[epoch][0], 0))[0]
