"""A chaos run: load, faults as scheduled, healing, quiescence, judgement."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from aiokafka.errors import KafkaError  # type: ignore[import-untyped,unused-ignore]

from dev.listening import ServerFailed
from proof.chaos.faults import KINDS, NotOrdered, Scene, carry_out, planted, shapes
from proof.chaos.schedule import Fault, draw
from proof.checker.findings import Verdict
from proof.checker.judging import Where, judge
from proof.load.knowing import CANARY, PHONE
from proof.load.process import TENANTS, LoadFailed, LoadProcess, files, plan
from proof.quiet import Quiet
from proof.rig import HOUSE, ROLES, Exit, Member, Rig

LOOK_EVERY_SECONDS = 0.02
SAY_EVERY_SECONDS = 5.0
LOAD_ENDS_WITHIN_SECONDS = 120.0
NEVER = ("INTERNAL", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED", "OUT_OF_RANGE", "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED")
"""Statuses that no caller of this load may be given, whatever happens."""
FOR_A_REASON = {"ALREADY_EXISTS": "REFERENCE_IS_OF_ANOTHER_PAYMENT"}
"""Those that it may be given for this reason alone."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What kind of a run it is."""

    seed: int
    seconds: float
    home: Path
    layout: Mapping[str, Member] = field(default_factory=lambda: HOUSE)
    callers: int = 16
    every_seconds: float = 1.5
    """A fault about so often."""
    lasting_max: float = 20.0


@dataclass(slots=True)
class Came:
    """What came of it."""

    terms: Terms
    tally: dict[str, Any]
    faults: Counter[str]
    missed: Counter[str]
    """Of them: those that could not be made, because what they needed was away."""
    exits: list[Exit]
    answers_lost: int
    quiet: Quiet
    verdict: Verdict
    seconds: float

    @property
    def wrong(self) -> list[str]:
        """Why it has failed, as words; empty: all holds."""
        lines = [f"{finding.invariant} is broken: {finding.broken_count}" for finding in self.verdict.findings if finding.holds is False]
        lines += [f"{finding.invariant} was not judged: {finding.reason}" for finding in self.verdict.findings if finding.holds is None]
        lines += [f"{number} x {status}" for status in NEVER if (number := self._unexpected(status))]
        if self.tally["unknown"]:
            lines.append(f"{self.tally['unknown']} requests were never answered")
        if not self.quiet.is_quiet:
            lines.append(f"not quiet after {self.quiet.seconds:.1f} s: {'; '.join(self.quiet.behind[:10])}")
        return lines

    def _unexpected(self, status: str) -> int:
        reason = FOR_A_REASON.get(status, "")
        return int(self.tally["statuses"].get(status, 0)) - int(self.tally["reasons"].get(reason, 0))


def run(terms: Terms, say: Say) -> Came:
    """From start to verdict; whatever happens, nothing is left running."""
    began = time.monotonic()
    with Rig(terms.home, terms.layout, links=True) as rig:
        say(f"{', '.join(terms.layout)} on PostgreSQL and Kafka are up after {time.monotonic() - began:.1f} s")
        with LoadProcess(plan(rig, seed=terms.seed, callers=terms.callers), terms.seconds + LOAD_ENDS_WITHIN_SECONDS) as load:
            made = _make_faults(rig, load, terms, say)
            load.stop()
            quiet = rig.heal_and_quiesce()
            say(f"quiet {quiet.seconds:.1f} s after healing" if quiet.is_quiet else f"NOT QUIET: {quiet.behind}")
            tally = load.finish(LOAD_ENDS_WITHIN_SECONDS)
        verdict = asyncio.run(_judge(rig, made.scene.begun_again))
        lost = sum(losses.commits_lost for losses in rig.losses.values())
        return Came(terms, tally, made.faults, made.missed, list(rig.exits), lost, quiet, verdict, time.monotonic() - began)


def _make_faults(rig: Rig, load: LoadProcess, terms: Terms, say: Say) -> _Making:
    made = _Making(Scene(rig), say)
    faults = deque(draw(terms.seed, terms.seconds, shapes(rig), every_seconds=terms.every_seconds, lasting_max=terms.lasting_max))
    began = said_at = time.monotonic()
    while (now := time.monotonic() - began) < terms.seconds:
        while faults and faults[0].at <= now:
            made.make(faults.popleft())
        made.mend(now)
        rig.tend()
        if not load.is_running:
            raise LoadFailed(f"the load ended early:\n{load.log.read_text()[-3000:]}")
        if time.monotonic() - said_at > SAY_EVERY_SECONDS:
            said_at = time.monotonic()
            say(f"{now:6.1f} s  {load.asked} requests, {sum(made.faults.values())} faults")
        time.sleep(LOOK_EVERY_SECONDS)
    made.finish()
    return made


class _Making:
    """Makes each fault at its time, and mends it at its end. What takes long is done on a thread of its own."""

    def __init__(self, scene: Scene, say: Say) -> None:
        self.faults: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.scene, self._say = scene, say
        self._lasting: list[Fault] = []
        self._threads: list[threading.Thread] = []

    def make(self, fault: Fault) -> None:
        self._say(str(fault))
        self.faults[fault.kind] += 1
        if self._try(fault, KINDS[fault.kind][3]) and fault.seconds:
            self._lasting.append(fault)
        while self.scene.orders:
            name, what = self.scene.orders.pop()
            thread = threading.Thread(target=self._carry_out, args=(name, what), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def mend(self, now: float) -> None:
        for fault in [fault for fault in self._lasting if fault.at + fault.seconds <= now]:
            self._lasting.remove(fault)
            self._try(fault, KINDS[fault.kind][4])

    def finish(self) -> None:
        """What is lasting is healed by the rig; what is being done must have ended before."""
        for thread in self._threads:
            thread.join()

    def _try(self, fault: Fault, act: Callable[[Scene, Fault], None]) -> bool:
        try:
            act(self.scene, fault)
        except (ServerFailed, psycopg.OperationalError) as error:
            self._miss(fault.kind, error)
            return False
        return True

    def _carry_out(self, name: str, what: Callable[[], Any]) -> None:
        try:
            asyncio.run(carry_out(what))
        except (KafkaError, NotOrdered, TimeoutError, OSError) as error:
            self._miss(name, error)

    def _miss(self, kind: str, error: BaseException) -> None:
        self.missed[kind] += 1
        self._say(f"          {kind} could not be done: {type(error).__name__} {str(error)[:200]}".split("\n")[0])


async def _judge(rig: Rig, begun_again: set[str]) -> Verdict:
    histories, _ = files(rig)
    where = Where(
        postgres=rig.dsn,
        kafka=rig.bootstrap,
        endpoints=rig.endpoints,
        token=rig.token(TENANTS[0], ROLES),
        token_for=lambda tenant: rig.token(tenant, ROLES),
        history=tuple(histories),
        canaries=(CANARY, PHONE),
        outputs=tuple(rig.outputs),
        services=rig.services,
        begun_again=frozenset(begun_again),
        planted=await planted(rig.bootstrap, [f"acuerdo.{service}.v1.events" for service in rig.services]),
    )
    return await judge(where)
