"""The eventsourcing library's own contracts over our log: its Mapper and its ProcessRecorder, synchronous, for tools and its test cases.

Commands never go this way. What is stored here has no chain (the library's mapper does not know the event before), so `Log` would refuse to
load it: use a log of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing import persistence
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import IntegrityError, Notification, OperationalError, StoredEvent, Subscription, Tracking
from eventsourcing.persistence import ProcessRecorder as LibraryProcessRecorder
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from services.chassis.log import batch, calls
from services.chassis.log.connections import WRITER_PLANS, dsn_as
from services.chassis.log.meta import SharedMeta
from services.chassis.log.origins import HeardUpTo
from services.chassis.log.units import NO_HASH, Told, Unit, Write
from services.chassis.mapper import Mapper
from services.kernel.facts import Fact

TENANT = "library"
CONNECTIONS_MAX = 10
WAIT_SECONDS_MAX = 30.0


class EventMapper(persistence.Mapper[UUID]):
    """Facts as the bytes of their message, and back, by the library's contract. `meta` is what all of them share."""

    def __init__(self, mapper: Mapper, meta: SharedMeta) -> None:
        super().__init__(transcoder=persistence.JSONTranscoder())
        self._mapper, self._meta = mapper, meta

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        if not isinstance(domain_event, Fact):
            raise TypeError(f"{type(domain_event).__name__} is no Fact")
        told = self._mapper.encode(domain_event, self._meta, NO_HASH)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, told.type_name, told.event)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        return self._mapper.decode(stored_event.state)


class ProcessRecorder(LibraryProcessRecorder):
    """The library's recorder over append() and our tables. Its application names are followers, its notification ids our positions.

    `first_version` is the version the library's first event of an aggregate has; ours is 1.
    """

    def __init__(self, dsn: str, schema: str, package: str = "", first_version: int = 1) -> None:
        self._schema, self._package, self._shift = schema, package, 1 - first_version
        self._call = batch.CALL.format(schema=schema)
        self._pool: ConnectionPool[Connection[Any]] = ConnectionPool(
            dsn_as(dsn, f"{schema}_writer", *WRITER_PLANS),
            min_size=1,
            max_size=CONNECTIONS_MAX,
            timeout=WAIT_SECONDS_MAX,
            kwargs={"autocommit": True},
            configure=self._prepare,
            open=True,
        )

    def close(self) -> None:
        self._pool.close()

    def _prepare(self, connection: Connection[Any]) -> None:
        calls.prepare(connection, self._call)

    # Writing ----------------------------------------------------------------------------------------------------------

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """All of them, with `tracking` if given, or IntegrityError and nothing."""
        tracking: Tracking | None = kwargs.get("tracking")
        with self._connection() as connection:
            heads = self._heads(connection, list({_id(event) for event in stored_events}))
            writes = self._writes(stored_events, heads)
            if tracking is None and not writes:
                return []
            unit = Unit(self._heard(connection, tracking), writes)
            (outcome,) = batch.outcomes([unit], calls.call(connection, batch.arguments([unit], False, False)), False)
        if not isinstance(outcome, batch.Placed):
            raise IntegrityError(type(outcome).__name__)
        first = outcome.position - len(stored_events) + 1
        in_order = [id(event) for _, events in _by_stream(stored_events) for event in events]
        place = {event: first + n for n, event in enumerate(in_order)}
        return [place[id(event)] for event in stored_events]

    def insert_tracking(self, tracking: Tracking) -> None:
        self.insert_events([], tracking=tracking)

    def _writes(self, stored_events: Sequence[StoredEvent], heads: dict[UUID, tuple[int, bytes]]) -> tuple[Write, ...]:
        writes = []
        for stream_id, events in _by_stream(stored_events):
            version, head_hash = heads.get(stream_id, (0, NO_HASH))
            if [event.originator_version + self._shift for event in events] != list(range(version + 1, version + 1 + len(events))):
                raise IntegrityError("not the next versions of their stream")
            told = tuple(Told(event.topic, event.state, hashlib.sha256(event.state).digest()) for event in events)
            writes.append(Write(stream_id, TENANT, version, head_hash, told))
        return tuple(writes)

    def _heard(self, connection: Connection[Any], tracking: Tracking | None) -> HeardUpTo:
        if tracking is None:
            return HeardUpTo("", "", 0, 0, 0, 0)  # moves nothing
        heard = self._position(connection, tracking.application_name) or 0
        if tracking.notification_id <= heard:
            raise IntegrityError("heard already")
        return HeardUpTo(tracking.application_name, tracking.application_name, 0, 0, heard, tracking.notification_id)

    def _heads(self, connection: Connection[Any], stream_ids: list[UUID]) -> dict[UUID, tuple[int, bytes]]:
        cursor = connection.execute(
            f"SELECT stream_id, version, head_hash FROM {self._schema}.streams WHERE stream_id = ANY(%s)".encode(), (stream_ids,)
        )
        return {stream_id: (version, bytes(head_hash)) for stream_id, version, head_hash in cursor.fetchall()}

    # Reading ----------------------------------------------------------------------------------------------------------

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        rows = self._rows(
            f"""SELECT stream_id, version, type_name, event FROM {self._schema}.events
                WHERE stream_id = %s AND (%s::integer IS NULL OR version > %s) AND (%s::integer IS NULL OR version <= %s)
                ORDER BY version {"DESC" if desc else ""} LIMIT %s""",
            (originator_id, *[self._ours(gt)] * 2, *[self._ours(lte)] * 2, limit),
        )
        return [StoredEvent(stream_id, version - self._shift, self._topic(name), bytes(event)) for stream_id, version, name, event in rows]

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        names = [topic.rpartition(".")[2] for topic in topics] or None
        rows = self._rows(
            f"""SELECT stream_id, version, type_name, event, position FROM {self._schema}.events
                WHERE position >= %s AND (%s::bigint IS NULL OR position <= %s) AND (%s::text[] IS NULL OR type_name = ANY(%s))
                ORDER BY position LIMIT %s""",
            ((start or 0) + (0 if inclusive_of_start else 1), stop, stop, names, names, limit),
        )
        return [
            Notification(stream_id, version - self._shift, self._topic(name), bytes(event), position)
            for stream_id, version, name, event, position in rows
        ]

    def max_notification_id(self) -> int | None:
        ((position,),) = self._rows(f"SELECT position FROM {self._schema}.log_counter", ())
        return position or None

    def max_tracking_id(self, application_name: str) -> int | None:
        with self._connection() as connection:
            return self._position(connection, application_name)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[Any]:
        raise NotImplementedError("who listens to our log is a Follower")

    def _position(self, connection: Connection[Any], application_name: str) -> int | None:
        row = connection.execute(
            f"SELECT position FROM {self._schema}.positions WHERE follower = %s AND source = %s AND epoch = 0".encode(),
            (application_name, application_name),
        ).fetchone()
        return None if row is None else int(row[0])

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def _ours(self, version: int | None) -> int | None:
        return None if version is None else version + self._shift

    def _topic(self, name: str) -> str:
        return f"{self._package}.{name}" if self._package else name

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise OperationalError(type(error).__name__) from error


def _id(event: StoredEvent) -> UUID:
    return event.originator_id if isinstance(event.originator_id, UUID) else UUID(event.originator_id)


def _by_stream(stored_events: Sequence[StoredEvent]) -> list[tuple[UUID, list[StoredEvent]]]:
    found: dict[UUID, list[StoredEvent]] = {}
    for event in stored_events:
        found.setdefault(_id(event), []).append(event)
    return list(found.items())
