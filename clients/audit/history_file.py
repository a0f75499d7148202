"""The history file: one stream as exported: lines a person can read, the contracts, and then the records as the log replayed them.

    ACUERDO-HISTORY/2
    service: cases
    stream-id: 019340c1-3a5e-7f0e-9d5b-1f5a33b2c1d0
    exported-at: 2005-10-01T00:00:00.000000Z
    versions: 14
    head-hash: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    log-epoch: 1
    log-position: 4711
    contracts: 48213 bytes, 3b1f…
    header-hash: 77ac…

    <google.protobuf.FileDescriptorSet, that many bytes>
    <length as a protobuf varint><acuerdo.common.v1.Record> ... until the end of the file

`versions` and `head-hash` are what the service claimed of the stream at the export: how many events, and the SHA-256 of the last one's
bytes. `log-epoch`, `log-position` and `exported-at` are the head of its whole log: everything up to there was told by then. `contracts`
describes the events' message, so that a later program can still read them. `header-hash` is the SHA-256 of the lines above it. Lines end
with a line feed, an empty line ends the header. Every record holds its event's bytes exactly as stored. ACUERDO-HISTORY/1, the earlier
form, ends its header with `head-hash` and has no contracts; it is still read.
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

MAGIC, EARLIER_MAGIC = "ACUERDO-HISTORY/2", "ACUERDO-HISTORY/1"
HEADER_BYTES_MAX = 4_096
RECORD_BYTES_MAX = 1024 * 1024
RECORDS_MAX = 1_000_000
CONTRACTS_BYTES_MAX = 8 * 1024 * 1024
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
    log_epoch: int = 0
    log_position: int = 0
    """Where the whole log stood; 0: the file does not say."""
    contracts_hash: bytes = b""
    """SHA-256 of the contracts; empty: the file holds none."""


@dataclass(frozen=True, slots=True)
class History:
    header: Header
    records: Sequence[Record]
    contracts: bytes = b""
    """FileDescriptorSet of the events' message and of everything it is made of."""
    is_header_intact: bool = True
    """Its lines are those that its own hash was made of."""


def write(
    path: Path,
    records: Iterable[Record],
    *,
    service: str,
    stream_id: str,
    exported_at: datetime,
    head_hash: bytes | None = None,
    log_epoch: int = 0,
    log_position: int = 0,
    contracts: bytes = b"",
) -> Header:
    """Write the records of one stream, in order. `head_hash`: as the service claims it; absent, that of the last record given."""
    kept = list(records)
    last = hashlib.sha256(kept[-1].event).digest() if kept else bytes(HASH_BYTES)
    contracts_hash = hashlib.sha256(contracts).digest() if contracts else b""
    header = Header(service, UUID(stream_id), exported_at, len(kept), head_hash or last, log_epoch, log_position, contracts_hash)
    with path.open("wb") as file:
        write_history(file, History(header, kept, contracts))
    return header


def write_history(file: BinaryIO, history: History) -> None:
    lines = _lines(history.header, len(history.contracts))
    file.write(lines + f"header-hash: {hashlib.sha256(lines).hexdigest()}\n\n".encode() + history.contracts)
    for record in history.records:
        encoded = record.SerializeToString()
        file.write(_varint(len(encoded)) + encoded)


def _lines(header: Header, contracts_bytes: int) -> bytes:
    instant = header.exported_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    lines = [
        MAGIC,
        f"service: {header.service}",
        f"stream-id: {header.stream_id}",
        f"exported-at: {instant}",
        f"versions: {header.versions}",
        f"head-hash: {header.head_hash.hex()}",
    ]
    if header.log_position:
        lines += [f"log-epoch: {header.log_epoch}", f"log-position: {header.log_position}"]
    if header.contracts_hash:
        lines.append(f"contracts: {contracts_bytes} bytes, {header.contracts_hash.hex()}")
    return "".join(f"{line}\n" for line in lines).encode()


def read_history(path: Path) -> History:
    """The file's claims and records; HistoryIsUnreadable when it is something else or ends in the middle."""
    try:
        content = path.read_bytes()
    except OSError as failed:
        raise HistoryIsUnreadable(f"{path} cannot be read: {(failed.strerror or type(failed).__name__).lower()}") from None
    end = content[:HEADER_BYTES_MAX].find(b"\n\n")
    is_earlier = content.startswith(f"{EARLIER_MAGIC}\n".encode())
    if end < 0 or not (is_earlier or content.startswith(f"{MAGIC}\n".encode())):
        raise HistoryIsUnreadable(f"{path} is not a history file: it does not begin with {MAGIC} and its header")
    header, contracts_bytes, said_hash = _header(content[:end], is_earlier=is_earlier)
    hashed = content[: content.rfind(b"\n", 0, end) + 1]
    begins = end + 2 + contracts_bytes
    if begins > len(content):
        raise HistoryIsUnreadable("the file ends in the middle of its contracts")
    is_intact = is_earlier or hashlib.sha256(hashed).hexdigest() == said_hash
    return History(header, list(_records(content, begins)), content[end + 2 : begins], is_intact)


def _header(lines: bytes, *, is_earlier: bool) -> tuple[Header, int, str]:
    """The header, how many bytes of contracts follow it, and what it says its own hash is."""
    try:
        said = dict(line.split(": ", 1) for line in lines.decode().splitlines()[1:])
        length_said, _, contracts_hash = said.get("contracts", "0 bytes, ").partition(" bytes, ")
        length = int(length_said)
        header = Header(
            service=said["service"],
            stream_id=UUID(said["stream-id"]),
            exported_at=datetime.fromisoformat(said["exported-at"]),
            versions=int(said["versions"]),
            head_hash=bytes.fromhex(said["head-hash"]),
            log_epoch=int(said.get("log-epoch", 0)),
            log_position=int(said.get("log-position", 0)),
            contracts_hash=bytes.fromhex(contracts_hash),
        )
        said_hash = "" if is_earlier else said["header-hash"]
    except KeyError as missing:
        raise HistoryIsUnreadable(f"the header does not say {missing.args[0]}") from None
    except ValueError as wrong:
        raise HistoryIsUnreadable(f"the header cannot be read: {wrong}") from None
    if len(header.head_hash) != HASH_BYTES or len(header.contracts_hash) not in (0, HASH_BYTES):
        raise HistoryIsUnreadable("the header's head-hash is not a SHA-256")
    if not 0 <= length <= CONTRACTS_BYTES_MAX or header.exported_at.tzinfo is None:
        raise HistoryIsUnreadable("the header cannot be read: its contracts have no such length, or its instant has no zone")
    return header, length, said_hash


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
