"""The sweep: every point of the table is died at, under load; then all is healed, and the checker judges what is left.

python -m proof.crash.sweep [--points GLOB …] [--seed S] [--json FILE] [--keep]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from proof.checker.findings import STATEMENTS, Verdict
from proof.checker.judging import Where, judge
from proof.crash.attacking import Attack, Fell, attack_all, drain
from proof.crash.points import Ending, matching, point
from proof.crash.reporting import as_json, show
from proof.load.process import TENANTS, LoadFailed, LoadProcess, files, plan
from proof.quiet import Quiet
from proof.rig import ROLES, Rig

HOME = Path(".run/crash")
LOAD_SECONDS_MAX = 900.0
LOAD_ENDS_WITHIN_SECONDS = 90.0
PATIENCE_SECONDS = 300.0
"""A caller may meet one death after the other: as long as a group takes."""
CANARIES_MAX = 100
"""So many personal values, of all loads, are searched for: each costs as much as all that is written is long."""
QUICKLY = frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I12", "I14"})
"""What is judged after each group. Once, at the end, everything is."""
NEVER = ("INTERNAL", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED", "OUT_OF_RANGE", "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED")
"""Statuses that no caller of this load may be given, whoever has died."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What kind of a sweep it is."""

    home: Path
    attacks: Sequence[Attack]
    seed: int = 1
    callers: int = 8
    deeds_per_second: float = 30.0
    judged_at_the_end: frozenset[str] = frozenset(STATEMENTS)


@dataclass(frozen=True, slots=True)
class Group:
    """Attacks during one load, and what was left of it."""

    name: str
    fell: Sequence[Fell]
    tally: dict[str, Any]
    unparked: int
    """Facts that had been parked, and were heard in the end."""
    quiet: Quiet
    verdict: Verdict
    seconds: float

    @property
    def wrong(self) -> list[str]:
        """Why it has failed, as words; empty: all holds."""
        lines = [f"{fell.attack.name}: {fell.finding}" for fell in self.fell if not fell.died]
        lines += _broken_of(self.verdict)
        lines += [f"{number} x {status}" for status in NEVER if (number := self.tally["statuses"].get(status, 0))]
        if self.tally["unknown"]:
            lines.append(f"{self.tally['unknown']} requests were never answered")
        if not self.quiet.is_quiet:
            lines.append(f"not quiet after {self.quiet.seconds:.1f} s: {'; '.join(self.quiet.behind[:10])}")
        return [f"{self.name}: {line}" for line in lines]


@dataclass(frozen=True, slots=True)
class Swept:
    terms: Terms
    groups: Sequence[Group]
    verdict: Verdict
    """On all of it, at the end."""
    seconds: float

    @property
    def wrong(self) -> list[str]:
        return [line for group in self.groups for line in group.wrong] + _wrong_of(self.verdict)


def _broken_of(verdict: Verdict) -> list[str]:
    return [
        f"{found.invariant} is broken {found.broken_count} times: {found.broken[:3]}" for found in verdict.findings if found.holds is False
    ]


def _wrong_of(verdict: Verdict) -> list[str]:
    """At the end, what was not judged is no yes either. (A short group may have asked no question that I14 could judge.)"""
    unjudged = [f"{found.invariant} was not judged: {found.reason}" for found in verdict.findings if found.holds is None]
    return _broken_of(verdict) + unjudged


def attacks_on(patterns: Sequence[str]) -> list[Attack]:
    return [Attack(point, passing) for point in matching(patterns) for passing in point.passings]


def attack_named(name: str) -> Attack:
    """`point` or `point:n`, as on the command line."""
    point_name, _, passing = name.partition(":")
    return Attack(point(point_name), int(passing or 1))


def sweep(terms: Terms, say: Say, *, grouped: bool = True) -> Swept:
    """On a rig of its own, which begins empty. `grouped`: each first word of a point's name has its own load and judgement."""
    began = time.monotonic()
    rig = Rig(terms.home)
    try:
        rig.start_servers()
        say(f"PostgreSQL and Kafka are up after {time.monotonic() - began:.1f} s")
        return sweep_on(rig, terms, say, grouped=grouped)
    finally:
        rig.close()


def sweep_on(rig: Rig, terms: Terms, say: Say, *, grouped: bool = True, running: Iterable[str] = ()) -> Swept:
    """On a rig whose servers are up; `running` are the services that run already."""
    began = time.monotonic()
    groups: list[Group] = []
    for name, attacks in _groups(terms.attacks, grouped=grouped):
        groups.append(_attack(rig, terms, name, attacks, running))
        running = rig.services
        say(f"{name}: {len(attacks)} deaths, {groups[-1].seconds:.1f} s, {'holds' if not groups[-1].wrong else groups[-1].wrong}")
    return Swept(terms, groups, _judge(rig, terms.judged_at_the_end), time.monotonic() - began)


def _groups(attacks: Sequence[Attack], *, grouped: bool) -> list[tuple[str, list[Attack]]]:
    if not grouped:
        return [("all", list(attacks))]
    return [(name, list(some)) for name, some in groupby(attacks, lambda attack: attack.point.name.partition(".")[0])]


def _attack(rig: Rig, terms: Terms, name: str, attacks: Sequence[Attack], running: Iterable[str]) -> Group:
    began = time.monotonic()
    for service in set(rig.services) - set(running) - {attack.point.service for attack in attacks}:
        rig.start(service, wait=False)
    load = plan(
        rig, seed=terms.seed, name=name, callers=terms.callers, deeds_per_second=terms.deeds_per_second, patience_seconds=PATIENCE_SECONDS
    )
    with LoadProcess(load, LOAD_SECONDS_MAX) as loading:
        fell = attack_all(rig, attacks, running, lambda: _refuse_dead(loading))
        loading.stop()
        rig.heal()
        unparked = sum(drain(rig, service) for service in _poisoned(attacks))
        tally = loading.finish(LOAD_ENDS_WITHIN_SECONDS)
    quiet = rig.heal_and_quiesce()
    verdict = _judge(rig, QUICKLY)
    return Group(name, fell, tally, unparked, quiet, verdict, time.monotonic() - began)


def _refuse_dead(loading: LoadProcess) -> None:
    if not loading.is_running:
        raise LoadFailed(f"the load ended early:\n{loading.log.read_text()[-3000:]}")


def _poisoned(attacks: Sequence[Attack]) -> set[str]:
    return {attack.point.service for attack in attacks if attack.point.ending in (Ending.POISON, Ending.RETRY)}


def _judge(rig: Rig, only: frozenset[str]) -> Verdict:
    histories, canaries = files(rig)
    texts = [line for file in canaries for line in file.read_text(encoding="utf-8").splitlines()]
    where = Where(
        postgres=rig.dsn,
        kafka=rig.bootstrap,
        endpoints=rig.endpoints,
        token=rig.token(TENANTS[0], ROLES),
        token_for=lambda tenant: rig.token(tenant, ROLES),
        history=tuple(histories),
        canaries=tuple(texts[:: max(1, len(texts) // CANARIES_MAX)]),
        outputs=tuple(rig.outputs),
        services=rig.services,
        only=only,
    )
    return asyncio.run(judge(where))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.crash.sweep", description=__doc__)
    parser.add_argument("--points", nargs="+", default=["*"], metavar="GLOB")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", action="store_true", help="keep logs and data also when all holds")
    asked = parser.parse_args(argv)
    terms = Terms(HOME / "sweep", attacks_on(asked.points), asked.seed)
    shutil.rmtree(terms.home, ignore_errors=True)
    # Ctrl-C and a supervisor's SIGTERM end it alike: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    swept = sweep(terms, lambda line: print(f"[{time.monotonic() - began:6.1f}] {line}", flush=True))
    show(swept, Console(width=None if sys.stdout.isatty() else 160))
    if asked.json is not None:
        asked.json.write_text(json.dumps(as_json(swept), indent=2) + "\n", encoding="utf-8")
    if swept.wrong or asked.keep:
        print(f"evidence: {terms.home}")
    else:
        shutil.rmtree(terms.home, ignore_errors=True)
    return 1 if swept.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
