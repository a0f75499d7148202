"""The history of a load: what its callers asked and what they were told, one line of JSON each, written before the call and after its end.

It is all the checker knows of the callers. An attempt without an end is one whose outcome nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import TextIO

UNKNOWN_OUTCOMES = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})
"""Statuses after which the documented rule says: ask again with the same request_id (docs/guide-api.md)."""


class Outcome(StrEnum):
    """What an attempt came to, as its caller must see it."""

    OK = "ok"
    """Replied: whatever the reply acknowledges is durable."""
    FAIL = "fail"
    """A definite no: this request has stored no event."""
    INFO = "info"
    """Unknown: it may have happened, or still happen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt, before it is made. A request tried again is another attempt with the same request_id."""

    attempt: int
    """Unique in its file."""
    at: datetime
    service: str
    method: str
    """Full name: acuerdo.cases.v1.Cases/RecordFact."""
    tenant_id: str
    principal: str
    request_id: str = ""
    """Empty for a question."""
    payload_sha256: str = ""
    """Of the request's deterministic bytes with request_id and etag cleared; hex."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    """For a question: what its caller knows to be stored (stream id -> version): the answer must be at least as new."""


@dataclass(frozen=True, slots=True)
class Came:
    """How the attempt ended."""

    attempt: int
    at: datetime
    outcome: Outcome
    status: str = "OK"
    """Name of the gRPC status."""
    reason: str = ""
    """`ErrorInfo.reason`, where there is one."""
    reply_sha256: str = ""
    """Of the reply's deterministic bytes (`is_repeated` and `is_known` cleared: they alone may differ when asked again); hex."""
    position: int = 0
    """`receipt.position` of a change: where what it told ends in the service's log."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """Streams the reply speaks of (stream id -> version, 0 where it says none): told by a change, shown by an answer."""
    stores_nothing: bool = False
    """The reply itself says so: it was there before under another request, or nobody was found whose reading could be recorded."""
    text: str = ""
    """What a person could read of an error (status message and details), for the search for canaries."""


class History:
    """The file being written. Callers of several threads and loops may share it."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._out: TextIO = file.open("a", encoding="utf-8", buffering=1)
        self._lock = Lock()

    def write(self, line: Asked | Came) -> None:
        """One line, whole, before anything else happens."""
        text = json.dumps({type(line).__name__.lower(): asdict(line)}, default=str, separators=(",", ":"))
        with self._lock:
            self._out.write(text + "\n")

    def close(self) -> None:
        self._out.close()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Both halves. `came` is None where the caller (or its process) never saw an end."""

    asked: Asked
    came: Came | None

    @property
    def outcome(self) -> Outcome:
        return Outcome.INFO if self.came is None else self.came.outcome


def attempts(files: Iterable[Path]) -> Iterator[Attempt]:
    """All attempts of these files, in the order in which they were asked. A last line that was cut off is no line."""
    for file in files:
        asked: dict[int, Asked] = {}
        came: dict[int, Came] = {}
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            for kind, body in json.loads(line).items():
                body["at"] = datetime.fromisoformat(body["at"])
                if kind == "asked":
                    asked[body["attempt"]] = Asked(**body)
                else:
                    came[body["attempt"]] = Came(**{**body, "outcome": Outcome(body["outcome"])})
        for number, first in asked.items():
            yield Attempt(first, came.get(number))
