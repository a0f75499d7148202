"""The rig: servers and services can be killed, frozen, cut off and brought back by name, and the load keeps to the documented rule."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.kafka import is_available
from dev.listening import ServerFailed, command_of
from proof.history import UNKNOWN_OUTCOMES, Attempt, Outcome, attempts
from proof.load.process import LoadProcess, files, plan
from proof.rig import BROKER, POSTGRES, Member, Rig

SMALL = {"cases": Member("cases"), "cases-worker": Member("cases", "worker"), "strategy": Member("strategy")}
LOAD_SECONDS = 4.0
SOON_SECONDS = 30.0


@pytest.fixture(scope="module")
def rig(servers: Path) -> Iterator[Rig]:
    missing = is_available()
    if missing is not None:
        pytest.skip(f"NO REAL KAFKA: {missing}")
    with Rig(servers / "rig", SMALL, links=True) as rig:
        yield rig


@pytest.fixture(scope="module")
def loaded(rig: Rig) -> list[Attempt]:
    """What the callers of a short load were told, with the services in the best of health."""
    with LoadProcess(plan(rig, seed=7, callers=8, impatient_share=0.1), LOAD_SECONDS) as load:
        load.finish()
    assert rig.heal_and_quiesce().is_quiet
    return list(attempts(files(rig)[0]))


def test_what_was_asked_is_written_down_with_its_end(loaded: list[Attempt]) -> None:
    outcomes = {attempt.outcome for attempt in loaded}

    assert outcomes == set(Outcome)
    assert {attempt.asked.tenant_id for attempt in loaded} == {"north", "south"}
    assert [attempt for attempt in loaded if attempt.came is None] == []


def test_what_came_to_nothing_definite_is_asked_again_under_its_name(loaded: list[Attempt]) -> None:
    by_request = defaultdict(list)
    for attempt in loaded:
        if attempt.asked.request_id:
            by_request[attempt.asked.tenant_id, attempt.asked.method, attempt.asked.request_id].append(attempt)
    unknown = [those for those in by_request.values() if any(attempt.outcome is Outcome.INFO for attempt in those)]

    assert unknown
    for those in unknown:
        last = those[-1].came
        assert last is not None
        assert last.status not in UNKNOWN_OUTCOMES


def test_callers_are_wrong_in_every_way_that_has_a_name(loaded: list[Attempt]) -> None:
    statuses = {attempt.came.status for attempt in loaded if attempt.came is not None}
    reasons = {attempt.came.reason for attempt in loaded if attempt.came is not None}

    assert {"OK", "INVALID_ARGUMENT", "ABORTED", "FAILED_PRECONDITION", "NOT_FOUND"} <= statuses
    assert {"REQUEST_ID_REUSED", "VERSION_CONFLICT"} <= reasons
    assert statuses.isdisjoint({"INTERNAL", "UNKNOWN", "ALREADY_EXISTS"})


def test_personal_values_are_listed_and_no_log_holds_one(rig: Rig, loaded: list[Attempt]) -> None:
    canaries = [line for file in files(rig)[1] for line in file.read_text().splitlines()]
    written = "".join(file.read_text(errors="replace") for file in rig.outputs)

    assert canaries
    assert written
    assert [canary for canary in canaries if canary in written] == []


def test_who_is_killed_is_down_until_started(rig: Rig) -> None:
    rig.kill("cases")

    rig.tend()
    assert not rig.is_up("cases")
    rig.start("cases")
    assert rig.is_up("cases")


def test_who_cannot_start_says_why(rig: Rig) -> None:
    rig.stop("cases")

    with pytest.raises(ServerFailed, match=r"(?s)ended with code 2 instead of starting.*log_level"):
        rig.start("cases", environment={"ACUERDO_LOG_LEVEL": "LOUD"})

    rig.kill("cases")
    rig.start("cases", environment={"ACUERDO_LOG_LEVEL": "INFO"})
    assert rig.is_up("cases")


def test_who_ends_by_itself_is_started_again_and_named(rig: Rig) -> None:
    before = len(rig.exits)
    os.kill(rig.pid("cases-worker"), signal.SIGKILL)

    until(rig, lambda: len(rig.exits) > before and rig.is_up("cases-worker"))

    assert [(each.name, each.code, each.was_asked) for each in rig.exits[before:]] == [("cases-worker", -9, False)]


def test_who_is_asked_to_leave_comes_back_and_is_not_blamed(rig: Rig) -> None:
    before, pid = len(rig.exits), rig.pid("strategy")

    rig.ask_to_leave("strategy")
    until(rig, lambda: not command_of(pid))
    until(rig, lambda: rig.is_up("strategy"))

    assert rig.pid("strategy") != pid
    assert rig.exits[before:] == []


def test_frozen_postgresql_answers_nobody_until_thawed(rig: Rig) -> None:
    with psycopg.connect(rig.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE frozen (what text)")
    rig.freeze(POSTGRES)
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(rig.dsn, connect_timeout=2).close()
    finally:
        rig.thaw(POSTGRES)
    with psycopg.connect(rig.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM frozen").fetchone() == (0,)


def test_everything_killed_and_cut_off_comes_back_with_what_was_stored(rig: Rig, loaded: list[Attempt]) -> None:
    stored = log_ends(rig)
    rig.kill(BROKER)
    rig.kill(POSTGRES)
    rig.freeze("strategy")
    for proxy in rig.links.values():
        proxy.refuse()

    quiet = rig.heal_and_quiesce()

    assert quiet.is_quiet, quiet.behind
    assert log_ends(rig) >= stored
    assert all(map(rig.is_up, (POSTGRES, BROKER, *rig.layout)))


def test_nothing_is_left_running_whatever_state_it_is_in(servers: Path) -> None:
    with Rig(servers / "left", {"cases": Member("cases", "api")}, kafka=False) as rig:
        pids = [rig.pid(name) for name in (POSTGRES, "cases")]
        rig.freeze("cases")
        rig.freeze(POSTGRES)

    assert [command_of(pid) for pid in pids] == ["", ""]


def log_ends(rig: Rig) -> int:
    with psycopg.connect(rig.dsn) as connection:
        row = connection.execute("SELECT position FROM cases.log_counter").fetchone()
    assert row is not None
    return int(row[0])


def until(rig: Rig, holds: object) -> None:
    assert callable(holds)
    give_up_at = time.monotonic() + SOON_SECONDS
    while not holds():
        rig.tend()
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
