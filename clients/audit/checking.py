"""Checks a history file and prints what came of it, for `python -m clients.audit` and `acuerdo audit verify` alike."""

from __future__ import annotations

from pathlib import Path

from clients.audit.history_file import HASH_BYTES, read_history
from clients.audit.told import as_json, as_text
from clients.audit.verification import verify

INTACT, BROKEN, UNREADABLE = range(3)
"""Exit codes."""


def check(file: Path, head: str | None, *, as_program: bool, lang: str) -> int:
    """Verify and print; the exit code. HistoryIsUnreadable, or ValueError for a hash that is none."""
    report = verify(read_history(file), None if head is None else as_hash(head))
    if as_program:
        print(as_json(report, lang))
    else:
        for line in as_text(report, lang):
            print(line)
    return INTACT if report.is_intact else BROKEN


def as_hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != HASH_BYTES:
        raise ValueError(f"{text!r} is not a SHA-256: 64 hexadecimal digits")
    return value
