"""The eventsourcing library's own recorder test cases, run against our log.

All of ApplicationRecorderTestCase, ProcessRecorderTestCase, TrackingRecorderTestCase and NonInterleavingNotificationIDsBaseCase apply, but:
* the cases that number an aggregate's events from 0 run on a recorder told so (ours count from 1);
* subscriptions (optional in the library) do not: who listens to our log is a Follower;
* AggregateRecorderTestCase and InfrastructureFactoryTestCase do not: our log always has a total order, and its parts are built by hand.
The cases live in a base class that pytest does not collect by itself: a recorder needs the session's server.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, ClassVar
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo

from services.chassis.ids import new_id
from services.chassis.log.library import EventMapper, ProcessRecorder
from services.chassis.log.meta import shared_meta
from tests.chassis.log.ledgers import LEDGERS, Added, asked, prepare

# The library's module of cases imports its AES cipher, which needs a package that we do not; none of these cases ciphers.
if "eventsourcing.cipher" not in sys.modules:
    _cipher = ModuleType("eventsourcing.cipher")
    _cipher.AESCipher = object  # type: ignore[attr-defined]  # a module made by hand
    sys.modules["eventsourcing.cipher"] = _cipher
from eventsourcing.tests import persistence as cases  # after the line above


@pytest.fixture
def empty_log(postgres_dsn: str) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        dsn = conninfo.make_conninfo(postgres_dsn, dbname=name)
        asyncio.run(prepare(dsn))
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("INSERT INTO ledgers.epochs VALUES (1, 0, 4)")
        yield dsn
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class OnOurLog:
    """Gives each test case a recorder on an empty log."""

    dsn: ClassVar[str]
    recorders: ClassVar[list[ProcessRecorder]]
    counts_from_zero: ClassVar[frozenset[str]] = frozenset()
    """The cases that do."""

    @pytest.fixture(autouse=True)
    def _log(self, empty_log: str) -> Iterator[None]:
        type(self).dsn, type(self).recorders = empty_log, []
        yield
        for recorder in self.recorders:
            recorder.close()

    def create_recorder(self) -> Any:
        from_zero = getattr(self, "_testMethodName", "") in self.counts_from_zero
        recorder = ProcessRecorder(self.dsn, "ledgers", first_version=0 if from_zero else 1)
        self.recorders.append(recorder)
        return recorder


class TestApplicationRecorder(OnOurLog, cases.ApplicationRecorderTestCase[Any]):
    counts_from_zero = frozenset({"test_concurrent_no_conflicts", "test_concurrent_throughput"})


class TestProcessRecorder(OnOurLog, cases.ProcessRecorderTestCase):
    counts_from_zero = frozenset({"test_performance"})


class TestTrackingRecorder(OnOurLog, cases.TrackingRecorderTestCase):
    pass


class TestNonInterleaving(OnOurLog, cases.NonInterleavingNotificationIDsBaseCase):
    counts_from_zero = frozenset({"test"})


def test_the_librarys_mapper_contract_gives_our_bytes() -> None:
    mapper = EventMapper(LEDGERS.mapper, shared_meta(asked("r1")))
    fact = Added(originator_id=new_id(), originator_version=3, timestamp=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), amount=7, note="n")
    stored = mapper.to_stored_event(fact)
    assert (stored.topic, stored.originator_version) == ("acuerdo.ledgers.v1.Added", 3)
    assert mapper.to_domain_event(stored) == fact
