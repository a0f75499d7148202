"""Every crash point is there and is passed; a service killed at one loses nothing and does nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.kafka import is_available
from proof.crash import traced
from proof.crash.arming import NameIsGone, Passing, arm
from proof.crash.attacking import POISON, drain
from proof.crash.points import POINTS, Moment, Point, PointUnknown, matching
from proof.crash.sweep import Terms, attack_named, attacks_on, sweep, sweep_on
from proof.load.process import LoadProcess, plan
from proof.rig import Rig

SHORTLY = ("commit.answered:3", "answer.known:5", "send.sent:3", "hear.stored:2", "view.committed:3")
"""What `make test` dies at: the answer of a commit lost, the callers not told, sent and not marked, heard and not remembered, shown."""
JUDGED_SHORTLY = frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I12"})
ORDINARY_SECONDS = 7.0
"""Offsets are committed to Kafka every five."""


@pytest.fixture(scope="module")
def rig(servers: Path) -> Iterator[Rig]:
    """Its servers are up; its services are started by whoever uses it."""
    _need_kafka()
    rig = Rig(servers / "crash")
    try:
        rig.start_servers()
        yield rig
    finally:
        rig.close()


def test_a_point_whose_name_is_gone_is_refused() -> None:
    gone = Point("gone", "services.chassis.log.log:Log.no_such_step", Moment.BEFORE)
    with pytest.raises(NameIsGone, match="no_such_step"):
        arm([Passing(gone, 1)])
    with pytest.raises(NameIsGone, match="no_such_room"):
        arm([Passing(Point("gone", "services.chassis.no_such_room:f", Moment.BEFORE), 1)])
    with pytest.raises(NameIsGone, match="no coroutine"):
        arm([Passing(Point("not begun", "services.chassis.log.log:Log.on_appended", Moment.BEGUN), 1)])
    with pytest.raises(PointUnknown):
        matching(["no.such.*"])


@pytest.mark.timeout(300)
def test_every_point_is_passed_in_an_ordinary_run_and_nothing_is_lost_by_dying_there(rig: Rig) -> None:
    """First nobody dies and all points are counted; then the same house dies at a few of them. (`make proof` dies at all.)"""
    passed = {service: rig.home / f"{service}.passed" for service in rig.services}
    _run_ordinarily(rig, passed)
    for service, file in passed.items():
        missed = {point.name for point in POINTS if point.service == service} - set(file.read_text().split())
        assert not missed, f"{service} never came to {sorted(missed)}"

    for service in rig.services:
        rig.start(service, command=())
    attacks = [attack_named(name) for name in SHORTLY]
    swept = sweep_on(rig, Terms(rig.home, attacks, judged_at_the_end=JUDGED_SHORTLY), print, grouped=False, running=rig.services)
    assert not swept.wrong
    assert all(fell.died for group in swept.groups for fell in group.fell)


def _run_ordinarily(rig: Rig, passed: dict[str, Path]) -> None:
    """Start, load, facts that trip and are heard later, stop."""
    commands = {service: ["-m", "proof.crash.running", service, "all", "--passed", str(passed[service])] for service in rig.services}
    rig.start("cases", wait=False, command=commands["cases"])
    rig.start("strategy", wait=False, command=[*commands["strategy"], *POISON])
    rig.heal()  # returns when all of it is up
    with LoadProcess(plan(rig, seed=1, name="ordinary", callers=8, deeds_per_second=40), ORDINARY_SECONDS) as load:
        load.finish()
    rig.stop("strategy")
    rig.start("strategy", command=commands["strategy"])
    assert drain(rig, "strategy"), "nothing was parked"
    for service in rig.services:
        rig.stop(service)


def test_work_killed_at_its_system_calls_is_stored_once_or_not_acknowledged(database: str, tmp_path: Path) -> None:
    swept = _sweep_system_calls(
        "--postgres", database, "--no-relay", "--calls", "sendto,recvfrom,write", "--numbers", "1,2,3,5,8,12", to=tmp_path
    )
    assert [line for one in swept for line in one["broken"]] == []
    assert all(one["killed"] for one in swept)
    lost = sum(one["outcomes"].get("acknowledged 0, stored 1", 0) for one in swept)
    assert lost, "no answer was ever lost: the calls that matter were not among these"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_dying_at_every_point_loses_nothing_and_does_nothing_twice(servers: Path) -> None:
    _need_kafka()
    swept = sweep(Terms(servers / "sweep", attacks_on(["*"])), print)
    assert not swept.wrong


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_work_killed_at_any_system_call_is_stored_and_published_once(tmp_path: Path) -> None:
    swept = _sweep_system_calls(to=tmp_path)
    assert [line for one in swept for line in one["broken"]] == []
    assert any(one["with_relay"] for one in swept)


def _sweep_system_calls(*options: str, to: Path) -> list[dict[str, Any]]:
    """In a process of its own, which has no threads yet: the work is forked from it."""
    missing = traced.missing()
    if missing is not None:
        pytest.skip(f"NO STRACE: {missing}")
    ran = subprocess.run(
        [sys.executable, "-m", "proof.crash.syscalls", *options, "--json", str(to / "swept.json")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    swept: list[dict[str, Any]] = json.loads((to / "swept.json").read_text())
    return swept


def _need_kafka() -> None:
    missing = is_available()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"real Kafka is required with CI=true: {missing}")
        pytest.skip(f"NO REAL KAFKA: {missing}")
