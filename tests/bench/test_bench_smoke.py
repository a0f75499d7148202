"""Each part of the bench runs, in small, and its correctness gate passes; and the gate does not pass what is wrong."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from bench.aims import AIMS, held
from bench.gate import Gate, GateFailed
from bench.place import Place, Size
from bench.report import Report
from bench.seeding import check, seed
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.chassis.log.log import Log
from services.chassis.migrate import migrate

SMALL = Size(
    runs=1,
    seconds=0.2,
    events=800,
    commands=10,
    rows=4 * 128,
    few_cases=900,
    many_cases=1_200,
    callers=(2,),
    case_events=40,
    night_cases=60,
)
KEY = b"c" * 32


@pytest.fixture
def place(postgres_dsn: str, tmp_path: Path) -> Place:
    return Place(postgres_dsn, tmp_path)


async def measured(part: str, place: Place) -> Report:
    report: Report = await importlib.import_module(f"bench.{part}").measure(place, SMALL)
    return report


SMOKED = ("log", "unary", "register", "payments", "replay", "disk", "case", "worklist", "night")


@pytest.mark.parametrize("part", [*SMOKED, *(pytest.param(part, marks=pytest.mark.long) for part in ("growth", "permits"))])
async def test_a_part_measures_what_it_has_an_aim_for_and_passes_its_gate(part: str, place: Place) -> None:
    report = await measured(part, place)

    assert {one.aim.says for one in report.held} == {aim.says for name, aim in AIMS.items() if name.startswith(f"{part}/")}
    assert all(value > 0 for one in report.held for value in one.values)
    assert report.gates
    assert report.settings["fsync"] == report.settings["synchronous_commit"] == "on"


@pytest.mark.parametrize("part", ["relay", *(pytest.param(part, marks=pytest.mark.long) for part in ("reaction", "loop"))])
async def test_a_part_on_kafka_measures_what_it_has_an_aim_for_and_passes_its_gate(part: str, place: Place, kafka: str) -> None:
    report = await measured(part, Place(place.server, place.home, kafka))

    assert {one.aim.says for one in report.held} == {aim.says for name, aim in AIMS.items() if name.startswith(f"{part}/")}
    assert report.gates


# The gate ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def written(database: str) -> AsyncIterator[tuple[str, Gate, Writing, list[UUID]]]:
    """A log with a few seeded cases, and a gate that has seen them."""
    migrate(database, CASES.name)
    seeded = seed(database, 4, KEY)
    log, gate = Log(database, CASES, KEY), Gate(database)
    await log.start()
    gate.begin()
    yield database, gate, Writing(log, seeded.portfolio_id, "r"), uuids(seeded.case_ids)
    await log.stop()


async def test_what_was_acknowledged_and_stored_passes(written: tuple[str, Gate, Writing, list[UUID]]) -> None:
    dsn, gate, writing, cases = written
    await writing.each_once(cases)

    assert "4 requests acknowledged = stored" in gate.check(writing.told())
    assert "22 events dense and chained, 6 heads right" in check(dsn)


async def test_an_acknowledged_request_that_is_not_stored_does_not_pass(written: tuple[str, Gate, Writing, list[UUID]]) -> None:
    _, gate, writing, cases = written
    await writing.each_once(cases)

    with pytest.raises(GateFailed, match="stored and acknowledged differ"):
        gate.check({**writing.told(), "r-lost": 7})


async def test_a_request_stored_elsewhere_than_acknowledged_does_not_pass(written: tuple[str, Gate, Writing, list[UUID]]) -> None:
    _, gate, writing, cases = written
    await writing.each_once(cases[:1])

    with pytest.raises(GateFailed, match="was acknowledged at 99"):
        gate.check(dict.fromkeys(writing.told(), 99))


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE cases.events SET event = event || '\\x7a00'::bytea WHERE version = 3 AND position = 5",
        "DELETE FROM cases.events WHERE position = 6",
        "UPDATE cases.streams SET head_hash = sha256(head_hash) WHERE version = 4",
    ],
)
async def test_an_edited_history_does_not_pass(edit: str, database: str) -> None:
    migrate(database, CASES.name)
    seed(database, 4, KEY)
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE cases.events DISABLE TRIGGER append_only")
        connection.execute(edit.encode())

    with pytest.raises(GateFailed):
        Gate(database).begin()
    with pytest.raises(AssertionError):
        check(database)


# The aims ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("aim", "values", "verdict"),
    [
        ("log/stock", [19, 21, 22], "reached"),
        ("log/stock", [36, 34, 35], "reached, ambition too"),
        ("log/stock", [30, 19, 18], "NOT REACHED"),
        ("growth/log", [1.4, 1.2, 1.3], "reached"),
        ("growth/log", [1.4, 1.31, 1.0], "NOT REACHED"),
    ],
)
def test_an_aim_is_held_against_the_median(aim: str, values: list[float], verdict: str) -> None:
    assert held(aim, values).verdict == verdict
