"""What can be proven of a running stack, asked from outside: stored = published = heard, replay = live, every chain verified."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1 import log_pb2 as log
from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from aiokafka import AIOKafkaConsumer
from google.protobuf.message import Message

from clients.cli.blocks import ProofRow
from clients.cli.connection import Doors

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "contacts": ContactEvent, "payments": PaymentEvent, "strategy": StrategyEvent}
NO_HASH = bytes(32)
QUESTIONS_AT_ONCE = 16

Identity = tuple[str, str]
"""(stream:version, SHA-256 of the event's bytes)."""


async def prove(doors: Doors, bootstrap: str) -> list[ProofRow]:
    """Compare each service's log with its topic and with what its listeners say they have heard."""
    heard = await _heard_positions(doors)
    return [await _prove_one(name, doors, bootstrap, heard) for name in doors.services]


async def _prove_one(name: str, doors: Doors, bootstrap: str, heard: dict[tuple[str, str], dict[int, int]]) -> ProofRow:
    records = [record async for chunk in doors.log(name).Replay(log.ReplayRequest()) for record in chunk.records]
    stored = _identities(name, records)
    published, positions = await _published(name, bootstrap)
    missing = stored.keys() ^ published
    counts = {
        follower: sum(1 for partition, there in positions.items() for position in there if position <= up_to.get(partition, 0))
        for (follower, source), up_to in heard.items()
        if source == name
    }
    return ProofRow(
        service=name,
        stored=len(records),
        published=len(published),
        heard=counts,
        streams=len({stream for stream, _ in stored.values()}),
        broken_chains=tuple(_broken_chains(name, records))[:10],
        differences=tuple(sorted(identity for identity, _ in missing))[:10],
    )


def _identities(name: str, records: Sequence[log.Record]) -> dict[Identity, tuple[UUID, int]]:
    found = {}
    for record in records:
        event = EVENTS[name].FromString(record.event)
        meta = event.meta  # type: ignore[attr-defined]  # every service's event has one
        stream = UUID(bytes=meta.stream_id)
        found[(f"{stream}:{meta.version}", hashlib.sha256(record.event).hexdigest())] = (stream, meta.version)
    return found


def _broken_chains(name: str, records: Iterable[log.Record]) -> Iterable[str]:
    heads: dict[bytes, tuple[int, bytes]] = {}
    for record in records:
        meta = EVENTS[name].FromString(record.event).meta  # type: ignore[attr-defined]
        version, head = heads.get(meta.stream_id, (0, NO_HASH))
        if meta.version != version + 1 or meta.prev_hash != head:
            yield f"{UUID(bytes=meta.stream_id)}:{meta.version}"
        heads[meta.stream_id] = (meta.version, hashlib.sha256(record.event).digest())


async def _published(name: str, bootstrap: str) -> tuple[set[Identity], dict[int, set[int]]]:
    """Everything on the topic, whatever its order: identities, and log positions by partition."""
    topic = f"acuerdo.{name}.v1.events"
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())  # no group: all of them are ours
        ends = await consumer.end_offsets(partitions)
        identities: set[Identity] = set()
        positions: dict[int, set[int]] = {partition.partition: set() for partition in partitions}
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    headers = dict(record.headers)
                    identities.add((headers["ce_id"].decode(), hashlib.sha256(record.value).hexdigest()))
                    positions[partition.partition].add(int(headers["acuerdo-position"]))
        return identities, positions
    finally:
        await consumer.stop()


async def _heard_positions(doors: Doors) -> dict[tuple[str, str], dict[int, int]]:
    """(follower, source) -> partition -> position, for followers of another service."""
    heard: dict[tuple[str, str], dict[int, int]] = {}
    for name in doors.services:
        for state in (await doors.operations(name).ListFollowers(operations.ListFollowersRequest())).followers:
            if state.source != name:
                heard.setdefault((f"{name}/{state.follower}", state.source), {})[state.partition] = state.position
    return heard


async def replay_equals_live(doors: Doors, case_ids: Sequence[str]) -> list[str]:
    """The cases whose live state differs from a fold of their stored history; none is what we want."""
    # Not the clock: what is stored at one instant of it is told apart by microseconds.
    now = (await doors.log("cases").Head(log.HeadRequest())).head.complete_through
    at_once = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def differs(case_id: str) -> bool:
        async with at_once:
            live = await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))
            folded = await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id, as_known_at=now))
            return live.case != folded.case

    answers = await asyncio.gather(*(differs(case_id) for case_id in case_ids))
    return [case_id for case_id, different in zip(case_ids, answers, strict=True) if different]
