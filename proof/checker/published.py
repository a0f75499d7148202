"""I4 and I5: the topic of a service against its log, record by record as they are read, and in the order in which they stand.

A record is looked for in the log by its id and the SHA-256 of its bytes, then its headers are held against the row's columns and its
partition against its key. Records of an epoch beyond where the next one starts are those that a restore has orphaned: they count nowhere.
Where a topic has been cut at its beginning, what is gone is not missed, and the first record of a key or partition may come from anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID

from proof.checker.contract import partition_of, topic_of, type_of
from proof.checker.findings import Looked
from proof.checker.stored import Event, Stored

_EPOCH_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
PROMISED = ("ce_id", "acuerdo-epoch", "acuerdo-position", "acuerdo-previous")
"""Headers without which a record says nothing that could be judged."""


@dataclass(frozen=True, slots=True)
class Place:
    """A record's, as it says itself."""

    stream: bytes
    version: int
    epoch: int
    position: int
    previous: int


class Published:
    """One service's topic. `begins_at`: by partition, the first offset that is still there."""

    def __init__(
        self,
        stored: Stored,
        begins_at: Mapping[int, int],
        same: Looked,
        ordered: Looked,
        planted: frozenset[tuple[int, int]],
        *,
        has_begun_again: bool = False,
    ) -> None:
        """`has_begun_again`: deleted and created during the run. What a relay had in hand then comes anywhere among what is told again."""
        self._stored, self._same, self._ordered, self._planted = stored, same, ordered, planted
        self._cut = {partition for partition, offset in begins_at.items() if offset > 0}
        self._topic = topic_of(stored.service)
        self._previous = _previous_positions(stored)
        self._ends = _ends_of_epochs(stored)
        self._seen: set[int] = set()
        self._last: dict[tuple[int, int], int] = {}
        self._versions: dict[bytes, int] = {}
        self._first_here: dict[int, int] = {}
        self._has_begun_again = has_begun_again

    def take(self, partition: int, records: Iterable[Any]) -> None:
        """The next records of a partition, by offset."""
        for record in records:
            if (partition, record.offset) in self._planted:
                continue
            self._same.counted += 1
            at = f"{self._topic}/{partition} offset {record.offset}"
            said = dict(record.headers)
            place = _place_of(said)
            if place is None:
                self._same.breaks(f"{at}: a record that is none of the service's")
                continue
            if place.position > self._ends.get(place.epoch, place.position):
                continue
            self._judge_bytes(at, partition, record, said, place)
            self._judge_order(at, partition, place)

    def end(self) -> str:
        """After the last record: what was not there. Says what is not missed, for the finding."""
        if self._has_begun_again:
            self._judge_ends()
        cut = 0
        for event in self._stored.events:
            if event.position in self._seen:
                continue
            partition = self._partition_of(event)
            if partition in self._cut and event.position < self._first_here.get(partition, event.position + 1):
                cut += 1
            else:
                self._same.breaks(f"{event.name} is stored, and not on the topic")
        return f"{cut} events of {self._stored.service} lie before the topic's beginning" if cut else ""

    # I4 ------------------------------------------------------------------------------------------------------------------

    def _judge_bytes(self, at: str, partition: int, record: Any, said: dict[str, bytes], place: Place) -> None:
        event = self._stored.by_version.get((place.stream, place.version))
        if event is None:
            self._same.breaks(f"{at}: {said['ce_id'].decode()} is on the topic, and not stored")
            return
        if hashlib.sha256(record.value or b"").digest() != event.digest:
            self._same.breaks(f"{at}: its bytes are not those of {event.name}")
            return
        self._seen.add(event.position)
        self._first_here.setdefault(partition, event.position)
        expected = self._headers_of(event)
        if not expected.items() <= said.items():
            wrong = ", ".join(sorted(name for name, value in expected.items() if said.get(name) != value))
            self._same.breaks(f"{at}: {event.name} with another {wrong}")
        elif (record.key or b"") != expected["ce_subject"] or partition != self._partition_of(event):
            self._same.breaks(f"{at}: {event.name} under another key or in another partition")

    def _headers_of(self, event: Event) -> dict[str, bytes]:
        subject = _text_of(event.stream)
        headers = {
            "ce_specversion": b"1.0",
            "ce_id": b"%b:%d" % (subject, event.version),
            "ce_type": type_of(event.service, event.type_name).encode(),
            "ce_source": b"/acuerdo/" + event.service.encode(),
            "ce_subject": subject,
            "ce_time": _rfc3339(_EPOCH_BEGAN + timedelta(seconds=event.occurred_at[0], microseconds=event.occurred_at[1] // 1000)),
            "content-type": b"application/protobuf",
            "acuerdo-recorded-at": _rfc3339(event.recorded_at),
            "acuerdo-epoch": b"%d" % event.epoch,
            "acuerdo-position": b"%d" % event.position,
            "acuerdo-previous": b"%d" % self._previous[event.position],
        }
        if event.traceparent:
            headers["traceparent"] = event.traceparent.encode()
        return headers

    def _partition_of(self, event: Event) -> int:
        return partition_of(event.stream, self._stored.epochs[event.epoch][1])

    # I5 ------------------------------------------------------------------------------------------------------------------

    def _judge_order(self, at: str, partition: int, place: Place) -> None:
        here = (place.epoch, partition)
        if self._has_begun_again and self._is_astray(here, place):
            return
        self._ordered.counted += 1
        last = self._last.get(here)
        if last is None and partition not in self._cut:
            last = self._stored.epochs.get(place.epoch, (0, 0))[0]
        name = f"{at}: {UUID(bytes=place.stream)}:{place.version} (position {place.position})"
        if last is None or place.position > last:
            if last is not None and place.previous != last:
                self._ordered.breaks(f"{name} says that {place.previous} is before it, and {last} is")
            self._last[here] = place.position
        self._ordered.breaks(*self._broken_version(name, partition, place))

    def _is_astray(self, here: tuple[int, int], place: Place) -> bool:
        """Ahead of what is told again from the first record on: it comes once more in its turn, or the end says that it did not."""
        epoch, partition = here
        last = self._last.get(here, self._stored.epochs.get(epoch, (0, 0))[0])
        return partition in self._cut or (place.position > last and place.previous != last)

    def _judge_ends(self) -> None:
        """Of a topic that has begun again: told in order up to the last event of each partition."""
        for here, last in _last_positions(self._stored).items():
            if here[1] not in self._cut and self._last.get(here) != last:
                told = self._last.get(here, self._stored.epochs[here[0]][0])
                self._ordered.breaks(f"{self._topic}/{here[1]}: told again in order up to position {told}, and {last} is its last")

    def _broken_version(self, name: str, partition: int, place: Place) -> Iterator[str]:
        known = self._versions.get(place.stream)
        if known is None and partition in self._cut:
            known = place.version - 1
        known = known or 0
        if place.version > known:
            if place.version > known + 1:
                yield f"{name} comes first after version {known} of its key"
            self._versions[place.stream] = place.version


def _place_of(said: Mapping[str, bytes]) -> Place | None:
    try:
        stream, _, version = said["ce_id"].decode().partition(":")
        epoch, position, previous = (int(said[name]) for name in PROMISED[1:])
        return Place(_bytes_of(stream), int(version), epoch, position, previous)
    except (KeyError, ValueError):
        return None


def _previous_positions(stored: Stored) -> dict[int, int]:
    """By position: that of the record before it in the same partition, or where its epoch starts."""
    last: dict[tuple[int, int], int] = {}
    found = {}
    for event in stored.events:
        starts_after, partitions = stored.epochs[event.epoch]
        here = (event.epoch, partition_of(event.stream, partitions))
        found[event.position] = last.get(here, starts_after)
        last[here] = event.position
    return found


def _last_positions(stored: Stored) -> dict[tuple[int, int], int]:
    """By (epoch, partition)."""
    return {(event.epoch, partition_of(event.stream, stored.epochs[event.epoch][1])): event.position for event in stored.events}


def _ends_of_epochs(stored: Stored) -> dict[int, int]:
    """By epoch: where the next one starts."""
    numbers = sorted(stored.epochs)
    return {number: stored.epochs[after][0] for number, after in pairwise(numbers)}


def _rfc3339(at: datetime) -> bytes:
    """Of an instant in UTC. (strftime takes three times as long.)"""
    return at.isoformat(timespec="microseconds")[:-6].encode() + b"Z"


@lru_cache(maxsize=1_000_000)
def _text_of(stream: bytes) -> bytes:
    return str(UUID(bytes=stream)).encode()


@lru_cache(maxsize=1_000_000)
def _bytes_of(stream: str) -> bytes:
    return UUID(stream).bytes
