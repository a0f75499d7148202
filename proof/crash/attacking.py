"""Attacking: one service after the other dies at its points, each start armed with the next; two services' attacks run side by side."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from acuerdo.common.v1 import operations_pb2 as operations
from grpc.aio import AioRpcError

from proof.crash.points import Ending, Point
from proof.rig import Rig

LOOK_EVERY_SECONDS = 0.02
DIES_WITHIN_SECONDS = 45.0
UP_BEFORE_STOP_SECONDS = 0.5
"""Long enough that it has work in hand when it is asked to stop."""
ASK_EVERY_SECONDS = 1.0
DRAINED_WITHIN_SECONDS = 30.0
POISONED_KEYS = 3
"""One key in so many trips the reactions."""
POISON = ("--poison", str(POISONED_KEYS))
PARKED_AT_LEAST = 12
"""Facts that wait, before it dies of hearing them again."""


class NotDrained(RuntimeError):
    """Parked facts were asked to be heard again, and still wait."""


@dataclass(frozen=True, slots=True)
class Attack:
    point: Point
    passing: int

    @property
    def name(self) -> str:
        return f"{self.point.name}:{self.passing}"

    @property
    def command(self) -> tuple[str, ...]:
        poison = POISON if self.point.ending is Ending.POISON else ()
        return ("-m", "proof.crash.running", self.point.service, "all", "--at", self.name, *poison)


@dataclass(frozen=True, slots=True)
class Fell:
    """What an attack came to."""

    attack: Attack
    died: bool
    """Killed by itself, at its point."""
    seconds: float
    finding: str = ""
    """Why not, where it did not."""


Lane = Generator[None, None, None]


def attack_all(rig: Rig, attacks: Sequence[Attack], running: Iterable[str], look: Callable[[], None]) -> list[Fell]:
    """In their order for each service; `running` are those that run when it begins. Afterwards the attacked run as they always do.

    `look` is called now and then, and raises when there is no sense in going on.
    """
    fell: list[Fell] = []
    running = set(running)
    services = dict.fromkeys(attack.point.service for attack in attacks)
    lanes = [
        _lane(rig, [attack for attack in attacks if attack.point.service == service], service in running, fell) for service in services
    ]
    while lanes:
        rig.tend()
        look()
        lanes = [lane for lane in lanes if _goes_on(lane)]
        time.sleep(LOOK_EVERY_SECONDS)
    return fell


def _goes_on(lane: Lane) -> bool:
    try:
        next(lane)
    except StopIteration:
        return False
    return True


def _lane(rig: Rig, attacks: Sequence[Attack], is_running: bool, fell: list[Fell]) -> Lane:
    service = attacks[0].point.service
    for attack in attacks:
        if is_running:
            rig.kill(service)
        is_running = True
        if attack.point.ending is Ending.RETRY and _parked(rig, service) < PARKED_AT_LEAST:
            yield from _park_some(rig, service)
        began, exits = time.monotonic(), len(rig.exits)
        rig.start(service, wait=False, command=attack.command)
        provoking = _provoke(rig, attack)
        while not any(end.name == service for end in rig.exits[exits:]) and time.monotonic() - began < DIES_WITHIN_SECONDS:
            _goes_on(provoking)
            yield
        fell.append(_found(rig, attack, rig.exits[exits:], time.monotonic() - began))
    rig.kill(service)
    rig.start(service, wait=False, command=())


def _park_some(rig: Rig, service: str) -> Lane:
    """It trips, and nothing else happens to it, until enough facts wait."""
    rig.start(service, wait=False, command=("-m", "proof.crash.running", service, "all", *POISON))
    began = time.monotonic()
    while _parked(rig, service) < PARKED_AT_LEAST and time.monotonic() - began < DIES_WITHIN_SECONDS:
        yield
    rig.kill(service)


def _provoke(rig: Rig, attack: Attack) -> Lane:
    """What it takes beside a load to come to the point. Called again and again."""
    service, ending = attack.point.service, attack.point.ending
    if ending not in (Ending.STOP, Ending.RETRY):
        return
    while not rig.is_up(service):
        yield
    up_at = time.monotonic()
    if ending is Ending.STOP:
        while time.monotonic() - up_at < UP_BEFORE_STOP_SECONDS:
            yield
        rig.ask_to_leave(service)
        return
    while True:
        _ask_for_retry(rig, service)
        asked_at = time.monotonic()
        while time.monotonic() - asked_at < ASK_EVERY_SECONDS:
            yield


def _ask_for_retry(rig: Rig, service: str) -> None:
    async def ask() -> None:
        async with rig.doors() as doors:
            request = operations.RetryParkedRequest(request_id=f"retry/{time.monotonic_ns()}")
            await doors.operations(service).RetryParked(request, timeout=2)

    with suppress(AioRpcError):  # it has just died of it, or is asked again in a moment
        asyncio.run(ask())


def drain(rig: Rig, service: str) -> int:
    """Nobody trips any more: have everything heard that is parked. How many facts had waited. NotDrained when some still do."""
    began, waited = time.monotonic(), _parked(rig, service)
    while left := _parked(rig, service):
        if time.monotonic() - began > DRAINED_WITHIN_SECONDS:
            raise NotDrained(f"{left} facts still wait in {service}")
        _ask_for_retry(rig, service)
        time.sleep(ASK_EVERY_SECONDS)
    return waited


def _parked(rig: Rig, service: str) -> int:
    with psycopg.connect(rig.dsn, autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {service}.parked".encode()).fetchone()
    return 0 if row is None else int(row[0])


def _found(rig: Rig, attack: Attack, exits: Sequence[object], seconds: float) -> Fell:
    log = rig.home / attack.point.service / f"{attack.point.service}.log"
    said = [line for line in log.read_text(errors="replace").splitlines() if '"crash_point"' in line]
    if not said:
        finding = f"ended otherwise: {exits[-1]}" if exits else f"did not come to it within {DIES_WITHIN_SECONDS:.0f} s"
        return Fell(attack, False, seconds, finding)
    at = json.loads(said[-1])
    died = at["point"] == attack.point.name and at["passing"] >= attack.passing
    return Fell(attack, died, seconds, "" if died else f"died at {at}")
