"""Records put on the topic by hand, or taken out of what is read of it: each is found, and by its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from proof.checker.findings import Finding, Looked
from proof.checker.published import Published
from proof.checker.stored import load
from tests.proof.checker.conftest import Judged
from tests.proof.checker.doctoring import PARTITIONS, TOPIC, put
from tests.proof.checker.small_run import CANARY

Place = tuple[str, int, int]


@dataclass
class Bench:
    """What was put there by earlier tests is looked away from."""

    judged: Judged
    there: set[Place]

    async def put(self, record: Any, **changed: Any) -> Place:
        return await put(self.judged.where.kafka, record, **changed)

    async def finds(self, invariant: str, *put: Place, hidden: frozenset[Place] = frozenset()) -> Finding:
        self.there |= set(put)
        return await self.judged.finds(invariant, planted=frozenset(self.there - set(put) | hidden))


@pytest.fixture(scope="module")
def there() -> set[Place]:
    return set()


@pytest.fixture
def bench(judged: Judged, there: set[Place]) -> Bench:
    return Bench(judged, there)


def place_of(record: Any) -> Place:
    return TOPIC, record.partition, record.offset


def a_record(judged: Judged, fact: str = "CaseClosed") -> Any:
    return next(record for record in judged.records if dict(record.headers)["ce_type"] == f"acuerdo.cases.v1.{fact}".encode())


def the_last(judged: Judged) -> Any:
    """Of its partition; somebody's first version."""
    return max(judged.records, key=lambda record: int(dict(record.headers)["acuerdo-position"]))


def at(place: Place) -> str:
    return f"{place[0]}/{place[1]} offset {place[2]}"


async def garbage(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), ce_id="nonsense")


async def an_event_that_is_not_stored(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), ce_id=f"{uuid4()}:1")


async def other_bytes(bench: Bench) -> Place:
    record = a_record(bench.judged)
    return await bench.put(record, value=record.value + b"x")


async def another_position(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), acuerdo_position="1")


async def another_instant(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), acuerdo_recorded_at="2001-01-01T00:00:00.000000Z")


async def another_epoch(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), acuerdo_epoch="2")


async def another_previous(bench: Bench) -> Place:
    return await bench.put(a_record(bench.judged), acuerdo_previous="1")


async def another_partition(bench: Bench) -> Place:
    record = a_record(bench.judged)
    return await bench.put(record, partition=(record.partition + 1) % PARTITIONS)


PUT: list[Callable[[Bench], Awaitable[Place]]] = [
    *(garbage, an_event_that_is_not_stored, other_bytes, another_position, another_instant, another_epoch, another_previous),
    another_partition,
]


@pytest.mark.parametrize("put_one", PUT, ids=[each.__name__ for each in PUT])
async def test_a_record_that_the_log_does_not_have_is_found(bench: Bench, put_one: Callable[[Bench], Awaitable[Place]]) -> None:
    place = await put_one(bench)

    finding = await bench.finds("I4", place)

    assert finding.holds is False
    assert any(line.startswith(at(place)) for line in finding.broken), finding.broken


async def test_a_record_that_is_not_there_is_found(bench: Bench) -> None:
    record = a_record(bench.judged)

    finding = await bench.finds("I4", hidden=frozenset({place_of(record)}))

    assert len(finding.broken) == 1
    assert f"(position {dict(record.headers)['acuerdo-position'].decode()}) is stored, and not on the topic" in finding.broken[0]


async def test_a_record_told_twice_breaks_nothing(bench: Bench) -> None:
    place = await bench.put(a_record(bench.judged))

    for invariant in ("I4", "I5"):
        assert (await bench.finds(invariant, place)).holds is True, invariant


async def test_a_version_left_out_is_found(bench: Bench) -> None:
    record = a_record(bench.judged, "PartyAdded")

    finding = await bench.finds("I5", hidden=frozenset({place_of(record)}))

    assert finding.holds is False
    key = record.key.decode()
    assert any(f"{key}:3" in line and "comes first after version 1" in line for line in finding.broken), finding.broken


async def test_a_record_that_does_not_name_the_one_before_it_is_found(bench: Bench) -> None:
    record = the_last(bench.judged)
    place = await bench.put(record, ce_id=f"{uuid4()}:1", acuerdo_position="100000", acuerdo_previous="99999")

    finding = await bench.finds("I5", place)

    assert len(finding.broken) == 1
    assert finding.broken[0].startswith(at(place))
    assert "says that 99999 is before it" in finding.broken[0]


def test_of_a_topic_cut_at_its_beginning_only_the_rest_is_judged(judged: Judged) -> None:
    stored = load(judged.where.postgres, ("cases",))["cases"]
    begins_at = dict.fromkeys(range(PARTITIONS), 2)
    same, ordered = Looked("I4"), Looked("I5")
    published = Published(stored, begins_at, same, ordered, frozenset())
    rest = sorted((record for record in judged.records if record.offset >= 2), key=lambda record: record.offset)
    for partition in range(PARTITIONS):
        published.take(partition, [record for record in rest if record.partition == partition])

    said = published.end()

    assert (same.finding().broken, ordered.finding().broken) == ((), ())
    assert said == f"{len(judged.records) - len(rest)} events of cases lie before the topic's beginning"


def told_again(judged: Judged, doctored: Callable[[list[Any]], list[Any]]) -> Finding:
    """I5 of a topic that was deleted and created again, its partitions doctored."""
    stored = load(judged.where.postgres, ("cases",))["cases"]
    ordered = Looked("I5")
    published = Published(stored, {}, Looked("I4"), ordered, frozenset(), has_begun_again=True)
    for partition in range(PARTITIONS):
        here = sorted((record for record in judged.records if record.partition == partition), key=lambda record: record.offset)
        published.take(partition, doctored(here))
    published.end()
    return ordered.finding()


def test_in_a_topic_that_began_again_what_a_relay_had_in_hand_may_come_anywhere(judged: Judged) -> None:
    assert told_again(judged, lambda here: [*here[-2:], *here[:2], *here[-1:], *here[2:]]).broken == ()


def test_a_topic_that_began_again_is_told_to_its_end(judged: Judged) -> None:
    finding = told_again(judged, lambda here: [*here[-1:], *here[:1], *here[2:]] if len(here) > 2 else here)

    assert finding.holds is False
    assert "told again in order up to position" in finding.broken[0]


async def test_a_canary_in_a_record_is_found(bench: Bench) -> None:
    place = await bench.put(a_record(bench.judged), traceparent=f"00-{CANARY}")

    assert at(place) in (await bench.finds("I18", place)).broken
