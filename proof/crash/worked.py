"""The work of a small process that is killed in the middle: commands through the real log, and the relay that publishes them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from services.cases.card import CASES
from services.cases.domain.client import Client, ClientRegistered
from services.chassis.follower.relay import Relay
from services.chassis.follower.topics import Kafka
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.kernel.facts import Change

TENANT, PRINCIPAL, METHOD = "acme", "proof#crash", "proof/Crash"
CLAIM_KEY = b"c" * 32
RELAYED_WITHIN_SECONDS = 30.0
LOOK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Work:
    """Each request tells one event on a stream of its own, every time it is decided: carried out twice, it shows."""

    dsn: str
    requests: tuple[str, ...]
    """The first alone, the others side by side."""
    kafka: str = ""
    """With it, the work is over when everything is published and the relay has said how far it is."""


def stream_of(request_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, request_id)


def work(work: Work, acknowledge_to: int) -> None:
    """All of it, in a loop of its own; what is acknowledged is written to a file descriptor at once, one request a line."""
    asyncio.run(_work(work, acknowledge_to))


async def _work(work: Work, acknowledge_to: int) -> None:
    log = Log(work.dsn, CASES, CLAIM_KEY)
    await log.start()
    relay = Relay(log, Kafka(work.kafka), lease_seconds=2.0, heads_every_seconds=0.1) if work.kafka else None
    if relay is not None:
        await relay.start()
    await _ask(log, work.requests[0], acknowledge_to)
    await asyncio.gather(*(_ask(log, request_id, acknowledge_to) for request_id in work.requests[1:]))
    if relay is not None:
        async with asyncio.timeout(RELAYED_WITHIN_SECONDS):
            await _until_published(log)
        await relay.stop()
    await log.stop()


async def _ask(log: Log, request_id: str, acknowledge_to: int) -> None:
    def decide(client: Client) -> None:
        client.tell(ClientRegistered(**client.next(), external_ref=request_id, name="A Bank"))

    origin = Command(TENANT, PRINCIPAL, METHOD, request_id, bytes(32), Actor("AGENT", "proof"))
    await log.run(origin, Change(Client, stream_of(request_id), decide))
    os.write(acknowledge_to, f"{request_id}\n".encode())


async def _until_published(log: Log) -> None:
    """The relay's position is saved: whatever comes after a crash begins there."""
    position = (await log.head()).position
    async with log._pool.connection() as connection:
        while True:
            cursor = await connection.execute("SELECT position FROM cases.positions WHERE follower = 'relay'")
            row = await cursor.fetchone()
            if row is not None and row[0] >= position:
                return
            await asyncio.sleep(LOOK_SECONDS)


def acknowledged(written: bytes) -> Sequence[str]:
    return [line.decode() for line in written.split(b"\n")[:-1]]
