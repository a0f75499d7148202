"""The history file: one stream as exported, a few lines a person can read and then the records as the log replayed them.

    ACUERDO-HISTORY/1
    service: cases
    stream-id: 019340c1-3a5e-7f0e-9d5b-1f5a33b2c1d0
    exported-at: 2005-10-01T00:00:00.000000Z
    versions: 14
    head-hash: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

    <length as a protobuf varint><acuerdo.common.v1.Record> ... until the end of the file

`versions` and `head-hash` are what the service claimed of the stream at the export: how many events, and the SHA-256 of the last one's
bytes. Lines end with a line feed, an empty line ends the header. Every record holds its event's bytes exactly as stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from acuerdo.common.v1.log_pb2 import Record
from google.protobuf.message import DecodeError

MAGIC = "ACUERDO-HISTORY/1"
HEADER_BYTES_MAX = 4_096
RECORD_BYTES_MAX = 1024 * 1024
RECORDS_MAX = 1_000_000
HASH_BYTES = 32


class HistoryIsUnreadable(Exception):
    """The file is not a history, or not a whole one; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of itself."""

    service: str
    stream_id: UUID
    exported_at: datetime
    versions: int
    head_hash: bytes


@dataclass(frozen=True, slots=True)
class History:
    header: Header
    records: Sequence[Record]


def write(
    path: Path, records: Iterable[Record], *, service: str, stream_id: str, exported_at: datetime, head_hash: bytes | None = None
) -> Header:
    """Write the records of one stream, in order. `head_hash`: as the service claims it; absent, that of the last record given."""
    kept = list(records)
    last = hashlib.sha256(kept[-1].event).digest() if kept else bytes(HASH_BYTES)
    header = Header(service, UUID(stream_id), exported_at, len(kept), head_hash or last)
    with path.open("wb") as file:
        write_history(file, History(header, kept))
    return header


def write_history(file: BinaryIO, history: History) -> None:
    header = history.header
    instant = header.exported_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    lines = (
        MAGIC,
        f"service: {header.service}",
        f"stream-id: {header.stream_id}",
        f"exported-at: {instant}",
        f"versions: {header.versions}",
        f"head-hash: {header.head_hash.hex()}",
    )
    file.write("".join(f"{line}\n" for line in lines).encode() + b"\n")
    for record in history.records:
        encoded = record.SerializeToString()
        file.write(_varint(len(encoded)) + encoded)


def read_history(path: Path) -> History:
    """The file's claims and records; HistoryIsUnreadable when it is something else or ends in the middle."""
    try:
        content = path.read_bytes()
    except OSError as failed:
        raise HistoryIsUnreadable(f"{path} cannot be read: {(failed.strerror or type(failed).__name__).lower()}") from None
    end = content[:HEADER_BYTES_MAX].find(b"\n\n")
    if end < 0 or not content.startswith(f"{MAGIC}\n".encode()):
        raise HistoryIsUnreadable(f"{path} is not a history file: it does not begin with {MAGIC} and its header")
    return History(_header(content[:end]), list(_records(content, end + 2)))


def _header(lines: bytes) -> Header:
    try:
        said = dict(line.split(": ", 1) for line in lines.decode().splitlines()[1:])
        header = Header(
            service=said["service"],
            stream_id=UUID(said["stream-id"]),
            exported_at=datetime.fromisoformat(said["exported-at"]),
            versions=int(said["versions"]),
            head_hash=bytes.fromhex(said["head-hash"]),
        )
    except KeyError as missing:
        raise HistoryIsUnreadable(f"the header does not say {missing.args[0]}") from None
    except ValueError as wrong:
        raise HistoryIsUnreadable(f"the header cannot be read: {wrong}") from None
    if len(header.head_hash) != HASH_BYTES:
        raise HistoryIsUnreadable("the header's head-hash is not a SHA-256")
    return header


def _records(content: bytes, at: int) -> Iterator[Record]:
    """Framing is no event's content: where it is broken, nothing after it can be told apart."""
    number = 0
    while at < len(content):
        number += 1
        if number > RECORDS_MAX:
            raise HistoryIsUnreadable(f"the file holds more than {RECORDS_MAX} records")
        length, begins = _length(content, at, number)
        at = begins + length
        if length > RECORD_BYTES_MAX or at > len(content):
            raise HistoryIsUnreadable(f"the file ends in the middle of record {number}, or the record's length was changed")
        try:
            yield Record.FromString(content[begins:at])
        except DecodeError:
            raise HistoryIsUnreadable(f"record {number} cannot be decoded") from None


def _length(content: bytes, at: int, number: int) -> tuple[int, int]:
    length, shift = 0, 0
    while at < len(content) and shift < 35:
        byte = content[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length, at
        shift += 7
    raise HistoryIsUnreadable(f"the file ends in the middle of record {number}, or the record's length was changed")


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
