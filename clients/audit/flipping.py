"""Flips one byte of one event in a copy of a history: the demonstration that the verifier names it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from acuerdo.common.v1.log_pb2 import Record

from clients.audit.history_file import HistoryIsUnreadable, read_history, write_history


def flip(source: Path, target: Path, event: int | None = None, byte: int | None = None) -> tuple[int, int]:
    """Write the copy; (event, byte) that was changed. Counted from 1; by default the middle one of each. ValueError out of range."""
    history = read_history(source)
    if target.exists() and target.samefile(source):
        raise ValueError("the copy must be another file: the history itself is never changed")
    if not history.records:
        raise HistoryIsUnreadable(f"{source} holds no event")
    number = event if event is not None else (len(history.records) + 1) // 2
    if not 1 <= number <= len(history.records):
        raise ValueError(f"the history has events 1 to {len(history.records)}")
    records = [Record.FromString(record.SerializeToString()) for record in history.records]
    content = bytearray(records[number - 1].event)
    place = byte if byte is not None else (len(content) + 1) // 2
    if not 1 <= place <= len(content):
        raise ValueError(f"event {number} has bytes 1 to {len(content)}")
    content[place - 1] ^= 0x01
    records[number - 1].event = bytes(content)
    with target.open("wb") as file:
        write_history(file, replace(history, records=records))
    return number, place
