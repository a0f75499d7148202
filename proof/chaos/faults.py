"""The faults: how each is made and mended. The table KINDS says how often, how long and of what; nothing here knows a service's code."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import psycopg

from proof import kafka_faults
from proof.chaos.schedule import Fault, Shape
from proof.kafka_faults import POISON, WITHOUT_EXAMPLE, Foreign
from proof.postgres_wire import Loss
from proof.proxy import Direction, Proxy
from proof.rig import BROKER, POSTGRES, Rig

MARK = ("acuerdo-proof", b"planted")
"""On every record that we put beside the relay's, so that the checker can be told of it."""
ORDERED_WITHIN_SECONDS = 20.0


class NotOrdered(Exception):
    """A service did not take an order: it, or what it needs, was away."""


@dataclass
class Scene:
    """Where faults are made."""

    rig: Rig
    begun_again: set[str] = field(default_factory=set)
    """Topics that were deleted and created again."""
    orders: list[tuple[str, Callable[[], Awaitable[object]]]] = field(default_factory=list)
    """What takes a while and is done beside the rest: (name, what)."""

    def order(self, name: str, what: Callable[[], Awaitable[object]]) -> None:
        self.orders.append((name, what))


Act = Callable[[Scene, Fault], None]


def _nothing(scene: Scene, fault: Fault) -> None:
    pass


# Processes and servers ---------------------------------------------------------------------------------------------------


def _kill(scene: Scene, fault: Fault) -> None:
    scene.rig.kill(fault.target)


def _start(scene: Scene, fault: Fault) -> None:
    scene.rig.start(fault.target, wait=False)


def _freeze(scene: Scene, fault: Fault) -> None:
    scene.rig.freeze(fault.target)


def _thaw(scene: Scene, fault: Fault) -> None:
    scene.rig.thaw(fault.target)


def _ask_to_leave(scene: Scene, fault: Fault) -> None:
    scene.rig.ask_to_leave(fault.target)


def _terminate_backends(scene: Scene, fault: Fault) -> None:
    """Some sessions of the services end in the middle of whatever they do, or all."""
    with psycopg.connect(scene.rig.dsn, autocommit=True, connect_timeout=2) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
        pids = [pid for (pid,) in connection.execute(query).fetchall()]
        for pid in fault.rng.sample(pids, fault.rng.choice([len(pids), len(pids) // 3, min(1, len(pids))])):
            connection.execute("SELECT pg_terminate_backend(%s)", (pid,))


# Links -------------------------------------------------------------------------------------------------------------------


def _link(scene: Scene, fault: Fault) -> Proxy:
    name, _, to = fault.target.partition(">")
    return scene.rig.link(name, to)


def _heal(scene: Scene, fault: Fault) -> None:
    _link(scene, fault).heal()


def _cut(scene: Scene, fault: Fault) -> None:
    proxy = _link(scene, fault)
    proxy.cut_one() if fault.rng.random() < 0.5 else proxy.cut()


def _delay(scene: Scene, fault: Fault) -> None:
    seconds = fault.rng.uniform(0.01, 0.4)
    _link(scene, fault).delay(seconds, seconds / 2)


def _narrow(scene: Scene, fault: Fault) -> None:
    _link(scene, fault).rate(fault.rng.choice((8_000, 64_000)))


def _blackhole(scene: Scene, fault: Fault) -> None:
    direction = fault.rng.choice((None, None, Direction.TO_CLIENT, Direction.TO_SERVER))
    _link(scene, fault).blackhole(direction, forget=fault.rng.random() < 0.5)


def _half_close(scene: Scene, fault: Fault) -> None:
    _link(scene, fault).half_close(fault.rng.choice(list(Direction)))


def _refuse(scene: Scene, fault: Fault) -> None:
    _link(scene, fault).refuse(cut=fault.rng.random() < 0.5)


def _lose_answers(scene: Scene, fault: Fault) -> None:
    name = fault.target.partition(">")[0]
    scene.rig.losses[name].lose_by_chance(dict.fromkeys(Loss, 0.08), hold_seconds=fault.rng.uniform(0.05, 1.0))


def _lose_no_more(scene: Scene, fault: Fault) -> None:
    scene.rig.losses[fault.target.partition(">")[0]].heal()


# Topics and what is made of them -----------------------------------------------------------------------------------------


def _topic(service: str) -> str:
    return f"acuerdo.{service}.v1.events"


def _rebuild_topic(scene: Scene, fault: Fault) -> None:
    _ask_operations(scene, fault, "RebuildTopic")


def _rebuild_views(scene: Scene, fault: Fault) -> None:
    _ask_operations(scene, fault, "RebuildViews")


def _ask_operations(scene: Scene, fault: Fault, method: str) -> None:
    rig = scene.rig
    command = [rig.endpoints[fault.target], method, f"chaos/{fault.luck}", str(rig.token_file())]

    async def ask() -> None:
        out = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "proof.chaos.asking", *command, stdout=out)
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise NotOrdered(said.decode().strip())

    scene.order(fault.kind, ask)


def _recreate_topic(scene: Scene, fault: Fault) -> None:
    scene.begun_again.add(_topic(fault.target))
    scene.order(fault.kind, lambda: kafka_faults.recreate_topic(scene.rig.bootstrap, _topic(fault.target)))


def _cut_topic(scene: Scene, fault: Fault) -> None:
    """What retention might take, of some partitions: all there is of each."""

    async def cut() -> None:
        topic = _topic(fault.target)
        for partition in fault.rng.sample(range(await kafka_faults.partition_count(scene.rig.bootstrap, topic)), 4):
            await kafka_faults.delete_records_below(scene.rig.bootstrap, topic, partition, -1)

    scene.order(fault.kind, cut)


def _deliver_twice(scene: Scene, fault: Fault) -> None:
    """Every record there is, once more, by somebody who is no relay."""
    scene.order(fault.kind, lambda: kafka_faults.republish_twice(scene.rig.bootstrap, _topic(fault.target), times=1))


def _poison(scene: Scene, fault: Fault) -> None:
    scene.order(fault.kind, lambda: _produce_poison(scene.rig.bootstrap, _topic(fault.target), fault.rng))


async def _produce_poison(bootstrap: str, topic: str, rng: random.Random) -> None:
    records = await kafka_faults.read_topic(bootstrap, topic)
    partition = rng.randrange(await kafka_faults.partition_count(bootstrap, topic))
    told = [record for record in records if record.partition == partition and "acuerdo-position" in dict(record.headers)]
    like = told[-1] if told else None
    kinds = [make(like) for name, make in POISON.items() if like is not None or name in WITHOUT_EXAMPLE]
    planted = [Foreign(record.key, record.value, (*record.headers, MARK)) for record in rng.sample(kinds, min(3, len(kinds)))]
    await kafka_faults.produce(bootstrap, topic, partition, planted)


async def planted(bootstrap: str, topics: list[str]) -> frozenset[tuple[str, int, int]]:
    """(topic, partition, offset) of the records that are ours, and still there."""
    found = [
        (topic, record.partition, record.offset)
        for topic in topics
        for record in await kafka_faults.read_topic(bootstrap, topic)
        if MARK in record.headers
    ]
    return frozenset(found)


async def carry_out(what: Callable[[], Awaitable[object]]) -> None:
    await asyncio.wait_for(what(), ORDERED_WITHIN_SECONDS)


# Which, how often, how long ----------------------------------------------------------------------------------------------

PROCESS, LINK, SERVER, TOPIC = "process", "link", "server", "topic"


def shapes(rig: Rig) -> dict[str, Shape]:
    """For this rig."""
    targets: Mapping[str, list[str]] = {
        PROCESS: list(rig.layout),
        LINK: [f"{name}>{to}" for name in rig.layout for to in (POSTGRES, BROKER)],
        "postgres link": [f"{name}>{POSTGRES}" for name in rig.layout],
        BROKER: [BROKER],
        POSTGRES: [POSTGRES],
        TOPIC: list(rig.services),
    }
    return {name: Shape(weight, seconds, targets[of], OF.get(of, of)) for name, (weight, seconds, of, _, _) in KINDS.items()}


OF = {"postgres link": LINK, BROKER: SERVER, POSTGRES: SERVER}
AT_ONCE = (0.0, 0.0)
KINDS: dict[str, tuple[int, tuple[float, float], str, Act, Act]] = {
    "kill": (10, (0.1, 4.0), PROCESS, _kill, _start),
    "stop": (4, AT_ONCE, PROCESS, _ask_to_leave, _nothing),
    "freeze": (6, (0.5, 6.0), PROCESS, _freeze, _thaw),
    "freeze past its lease": (4, (12.0, 20.0), PROCESS, _freeze, _thaw),
    "kill the broker": (2, (0.1, 5.0), BROKER, _kill, _start),
    "freeze the broker": (2, (1.0, 15.0), BROKER, _freeze, _thaw),
    "kill PostgreSQL": (3, (0.1, 3.0), POSTGRES, _kill, _start),
    "freeze PostgreSQL": (2, (0.5, 8.0), POSTGRES, _freeze, _thaw),
    "end sessions": (5, AT_ONCE, POSTGRES, _terminate_backends, _nothing),
    "cut": (6, AT_ONCE, LINK, _cut, _nothing),
    "delay": (4, (1.0, 8.0), LINK, _delay, _heal),
    "narrow": (2, (1.0, 6.0), LINK, _narrow, _heal),
    "blackhole": (5, (1.0, 20.0), LINK, _blackhole, _heal),
    "half-close": (4, (0.5, 5.0), LINK, _half_close, _heal),
    "refuse": (4, (0.5, 8.0), LINK, _refuse, _heal),
    "lose answers": (8, (2.0, 10.0), "postgres link", _lose_answers, _lose_no_more),
    "publish again": (1, AT_ONCE, TOPIC, _rebuild_topic, _nothing),
    "build views again": (1, AT_ONCE, TOPIC, _rebuild_views, _nothing),
    "recreate the topic": (1, AT_ONCE, TOPIC, _recreate_topic, _nothing),
    "cut the topic": (1, AT_ONCE, TOPIC, _cut_topic, _nothing),
    "deliver twice": (1, AT_ONCE, TOPIC, _deliver_twice, _nothing),
    "poison": (2, AT_ONCE, TOPIC, _poison, _nothing),
}
"""Weight, how long (seconds), of what, made, mended."""
