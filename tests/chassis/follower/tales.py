"""A teller of tales and a listener who echoes them: two small services with contracts of their own, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import psycopg
from acuerdo.common.v1 import types_pb2
from aiokafka import AIOKafkaConsumer, TopicPartition
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from services.chassis.follower.marks import connect
from services.chassis.follower.reactions import Reactions
from services.chassis.follower.record import Received, partition_of
from services.chassis.follower.relay import Relay
from services.chassis.follower.replays import SourceHead, SourceUnreachable
from services.chassis.follower.source import Source
from services.chassis.follower.topics import Kafka, events_topic
from services.chassis.heard import Heard, Reaction
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import Stored
from services.chassis.migrate import lock_class
from services.chassis.service import Service
from services.kernel import ids
from services.kernel.facts import Causation, Change, Due, Fact, Stream
from services.kernel.refusal import Refusal

PARTITIONS = 4
TENANT = "acme"
CHASSIS = Path(__file__).resolve().parents[3] / "services" / "chassis"
STRING, INT64, MESSAGE = (getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind}") for kind in ("STRING", "INT64", "MESSAGE"))

# Contracts -----------------------------------------------------------------------------------------------------------


def contract(pool: Any, package: str, event: str, facts: dict[str, dict[str, Any]]) -> dict[str, type[Message]]:
    """Messages of a service as `protoc` would make them: `event` with its meta and the oneof of `facts`."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.dependency.append("acuerdo/common/v1/types.proto")
    envelope = file.message_type.add(name=event)
    envelope.field.add(name="meta", number=1, type=MESSAGE, label=1, type_name=".acuerdo.common.v1.EventMeta")
    envelope.oneof_decl.add(name="event")
    for number, (fact, fields) in enumerate(facts.items(), 10):
        message = file.message_type.add(name=fact)
        for place, (name, kind) in enumerate(fields.items(), 1):
            if isinstance(kind, str):
                message.field.add(name=name, number=place, type=MESSAGE, label=1, type_name=kind)
            else:
                message.field.add(name=name, number=place, type=kind, label=1)
        envelope.field.add(name=fact.lower(), number=number, type=MESSAGE, label=1, type_name=f".{package}.{fact}", oneof_index=0)
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in (event, *facts)}


TALES = contract(descriptor_pool.Default(), "acuerdo.tales.v1", "TaleEvent", {"Told": {"word": STRING}, "Whispered": {"word": STRING}})
ECHOES = contract(
    descriptor_pool.Default(),
    "acuerdo.echoes.v1",
    "EchoEvent",
    {"Echoed": {"word": STRING, "origin": ".acuerdo.common.v1.Causation"}, "Rung": {"number": INT64}},
)


def tales_of_yesterday() -> dict[str, type[Message]]:
    """The teller's contract before it learnt to whisper."""
    pool = descriptor_pool.DescriptorPool()
    wanted = [types_pb2.DESCRIPTOR]
    added: set[str] = set()
    while wanted:
        file = wanted[-1]
        missing = [needed for needed in file.dependencies if needed.name not in added]
        if missing:
            wanted += missing
            continue
        wanted.pop()
        if file.name not in added:
            added.add(file.name)
            pool.AddSerializedFile(file.serialized_pb)
    return contract(pool, "acuerdo.tales.v1", "TaleEvent", {"Told": {"word": STRING}})


# Domains -------------------------------------------------------------------------------------------------------------


class Told(Fact):
    word: str

    def apply(self, tale: Any) -> None:
        tale.words.append(self.word)


class Whispered(Fact):
    word: str

    def apply(self, tale: Any) -> None:
        tale.words.append(self.word)


class Tale(Stream):
    def __init__(self) -> None:
        self.words: list[str] = []


class Echoed(Fact):
    word: str
    origin: Causation

    def apply(self, echo: Any) -> None:
        echo.heard.append((self.origin.version, self.word))
        if self.word.startswith("ring"):
            echo.rings_at = self.timestamp + timedelta(seconds=float(self.word.removeprefix("ring") or 0))


class Rung(Fact):
    number: int

    def apply(self, echo: Any) -> None:
        echo.rings_at = None
        echo.rung += 1


class Echo(Stream):
    """Remembers what it was told and in which order; rings once when it hears "ring"."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.rings_at: datetime | None = None
        self.rung = 0

    def due(self) -> Iterable[Due]:
        if self.rings_at is not None:
            yield Due("echo.ring", self.rings_at)


def _module(*kinds: type) -> ModuleType:
    module = ModuleType(__name__)
    vars(module).update({kind.__name__: kind for kind in kinds})
    return module


TELLER = Service("tales", TALES["TaleEvent"], [_module(Told, Whispered)])
LISTENER = Service("echoes", ECHOES["EchoEvent"], [_module(Echoed, Rung)])
SOURCE = Source("tales", TALES["TaleEvent"])


class WordIsUnfit(Refusal):
    """The listener's business does not want this word."""


def echo_of(tale_id: UUID) -> UUID:
    return ids.derived("echo", tale_id)


def echo(heard: Heard[Any]) -> Iterable[Change[Echo]]:
    """The listener's reaction: each word once more."""

    def decide(echo: Echo) -> None:
        if heard.fact.word == "unfit":
            raise WordIsUnfit
        echo.tell(Echoed(**echo.next(), word=heard.fact.word, origin=heard.origin))

    yield Change(Echo, echo_of(heard.stream_id), decide)


ECHO = {TALES["Told"]: echo}


@dataclass
class Fragile:
    """A reaction that trips over some words as long as it is broken."""

    breaks_on: set[str]

    def __call__(self, heard: Heard[Any]) -> Iterable[Change[Echo]]:
        if heard.fact.word in self.breaks_on:
            raise KeyError(heard.fact.word)
        return echo(heard)


def by(reaction: Reaction) -> dict[type[Message], Reaction]:
    return {TALES["Told"]: reaction}


# The house -----------------------------------------------------------------------------------------------------------


@dataclass
class Direct:
    """The port to a teller's log, without a wire."""

    log: Log
    asked: list[tuple[int | None, int]] = field(default_factory=list)
    can_replay: bool = True
    partitions: int = PARTITIONS

    async def replay(self, partition: int | None, after_position: int, limit: int) -> Sequence[Received]:
        if not self.can_replay:
            raise SourceUnreachable
        self.asked.append((partition, after_position))
        found: list[Received] = []
        previous: dict[int, int] = {}
        for record in await self.log.read(0, 1_000_000):
            where = partition_of(record.stream_id, self.partitions)
            if record.position > after_position and partition in (None, where) and len(found) < limit:
                placed = (record.epoch, where, record.position, previous.get(where, 0))
                found.append(Received(*placed, record.type_name, record.stream_id, record.event, record.recorded_at, record.traceparent))
            previous[where] = record.position
        return found

    async def head(self) -> SourceHead:
        head = await self.log.head()
        return SourceHead(head.epoch, self.partitions, head.position, head.complete_through)


class House:
    """Builds logs and parts on one database and one broker; stops them in reverse."""

    def __init__(self, dsn: str, kafka: Kafka, stack: AsyncExitStack) -> None:
        self.dsn, self.kafka, self._stack = dsn, kafka, stack

    async def run(self, part: Any) -> Any:
        await part.start()
        self._stack.push_async_callback(part.stop)
        return part

    async def log(self, service: Service, **settings: Any) -> Log:
        log: Log = await self.run(Log(self.dsn, service, b"claims" * 6, partitions=PARTITIONS, **settings))
        return log

    async def relay(self, log: Log, **settings: Any) -> Relay:
        relay: Relay = await self.run(Relay(log, self.kafka, **{"heads_every_seconds": 0.2, "lease_seconds": 2.0, **settings}))
        return relay

    async def reactions(self, log: Log, replays: Any, table: Any = None, source: Source = SOURCE, **settings: Any) -> Reactions:
        table = ECHO if table is None else table
        reactions: Reactions = await self.run(Reactions(log, source, table, self.kafka, replays, **{"lease_seconds": 2.0, **settings}))
        return reactions

    async def query(self, service: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        async with await connect(self.dsn, service, autocommit=True, settings={"role": "postgres"}) as connection:
            cursor = await connection.execute(statement.encode(), parameters)
            return list(await cursor.fetchall()) if cursor.description else []

    async def topic(self, service: str = "tales") -> list[Any]:
        """Everything on the topic, partition by partition."""
        topic = events_topic(service)
        partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap, enable_auto_commit=False) as consumer:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            for partition in partitions:
                consumer.seek(partition, 0)
            found: list[Any] = []
            while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return sorted(found, key=lambda record: (record.partition, record.offset))

    async def echoes(self, tale_ids: Iterable[UUID], log: Log) -> dict[UUID, list[tuple[int, str]]]:
        return {tale_id: (await log.fold(Echo, echo_of(tale_id), TENANT)).heard for tale_id in tale_ids}


async def prepare(dsn: str, *schemas: str) -> None:
    """The tables of services, as their first migration makes them."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for schema in schemas:
            await connection.execute(f"CREATE SCHEMA {schema}".encode())
            for file in ("log/schema.sql", "log/append.sql", "log/roles.sql", "follower/schema.sql"):
                text = (CHASSIS / file).read_text().format(schema=schema, lock_class=lock_class(schema))
                await connection.execute(text.encode())


async def tell(log: Log, *said: tuple[UUID, str], kind: type[Told] | type[Whispered] = Told) -> list[Stored]:
    """One fact of a tale for each (tale, word); those of one tale in order."""

    async def say(tale_id: UUID, words: list[str]) -> list[Stored]:
        stored = []
        for word in words:

            def decide(tale: Tale, word: str = word) -> None:
                tale.tell(kind(**tale.next(), word=word))

            stored.append(await log.run(_asked(), Change(Tale, tale_id, decide)))
        return stored

    by_tale: dict[UUID, list[str]] = {}
    for tale_id, word in said:
        by_tale.setdefault(tale_id, []).append(word)
    return [stored for some in await asyncio.gather(*(say(*pair) for pair in by_tale.items())) for stored in some]


async def tell_at_once(log: Log, tale_id: UUID, number: int) -> Stored:
    """So many facts of a tale in one unit."""

    def decide(tale: Tale) -> None:
        for word in range(number):
            tale.tell(Told(**tale.next(), word=str(word)))

    return await log.run(_asked(), Change(Tale, tale_id, decide))


def _asked() -> Command:
    return Command(TENANT, "tester", "Tell", str(uuid4()), bytes(32), Actor("SYSTEM", "tester"))


def tales(number: int, on_partition: int | None = None) -> list[UUID]:
    """New tale ids, all on one partition if it is named."""
    found: list[UUID] = []
    while len(found) < number:
        tale_id = uuid4()
        if on_partition in (None, partition_of(tale_id, PARTITIONS)):
            found.append(tale_id)
    return found


async def say(log: Log, echo_id: UUID, *words: str) -> None:
    """Straight into the listener's own log."""
    for word in words:

        def decide(echo: Echo, word: str = word) -> None:
            echo.tell(Echoed(**echo.next(), word=word, origin=Causation(echo_id, 1)))

        origin = Command(TENANT, "tester", "Say", str(uuid4()), bytes(32), Actor("SYSTEM", "tester"))
        await log.run(origin, Change(Echo, echo_id, decide))


async def eventually(what: Callable[[], Awaitable[Any]], within_seconds: float = 20.0) -> Any:
    """What it gives once that is true."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while not (found := await what()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_seconds} seconds"
        await asyncio.sleep(0.03)
    return found


def numbered(records: Sequence[Any]) -> list[tuple[int, int]]:
    """(previous, position) of Kafka records."""
    return [
        (int(headers["acuerdo-previous"]), int(headers["acuerdo-position"])) for headers in (dict(record.headers) for record in records)
    ]


NOW = datetime.now(UTC)
