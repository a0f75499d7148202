"""Reading along on a PostgreSQL connection, to lose answers of commits: the one call of `append()` is the transaction.

Bind, Execute and Sync go to the server; CommandComplete and ReadyForQuery say that it is committed. Only a writer prepares a
statement that speaks of `append(`, so other connections (readers, followers, leases) pass untouched. Calls may be pipelined: what
the client has sent behind a call that is held back waits behind it, and is lost with the connection.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from proof.link import Direction, Link

WORD = b".append("
UNTYPED = {80877102: "cancel", 80877103: "ssl", 80877104: "gss"}
"""Codes of the requests that come before a session, or instead of one."""
FLUSH = b"H\x00\x00\x00\x04"
HOLD_SECONDS = 0.3


class Loss(StrEnum):
    """How an answer is lost."""

    DROP_ANSWER = "drop_answer"
    """The server commits; its answer is swallowed and the client's connection reset."""
    HOLD_OPEN = "hold_open"
    """The server has done everything but commit, and holds its locks; the client's connection is reset; the commit comes later."""
    HOLD_THEN_ABORT = "hold_then_abort"
    """The same, but in the end it is rolled back: not a lost commit, and the client cannot know."""
    ARRIVE_LATE = "arrive_late"
    """The client's connection is reset before the server gets the call, which it does get later, after the client has asked again."""


COMMITS = frozenset({Loss.DROP_ANSWER, Loss.HOLD_OPEN})


class Losses:
    """What is to be lost on the connections of one proxy. It may be told from any thread."""

    def __init__(self, seed: int = 0, word: bytes = WORD) -> None:
        self.word = word
        self.lost: Counter[Loss] = Counter()
        """How many, by kind, counted when the server has done its part."""
        self._rng = random.Random(seed)
        self._next: deque[tuple[Loss, float]] = deque()
        self._chances: dict[Loss, float] = {}
        self._hold_seconds = HOLD_SECONDS

    @property
    def commits_lost(self) -> int:
        """Answers of calls that were committed."""
        return sum(self.lost[loss] for loss in COMMITS)

    def lose(self, loss: Loss, times: int = 1, hold_seconds: float = HOLD_SECONDS) -> None:
        """The answers of the next calls."""
        self._next.extend([(loss, hold_seconds)] * times)

    def lose_by_chance(self, chances: dict[Loss, float], hold_seconds: float = HOLD_SECONDS) -> None:
        """Each call's answer with these probabilities, until `heal`."""
        self._chances, self._hold_seconds = dict(chances), hold_seconds

    def heal(self) -> None:
        self._chances = {}
        self._next.clear()

    def draw(self) -> tuple[Loss, float] | None:
        """The fate of the call that is beginning."""
        if self._next:
            return self._next.popleft()
        drawn = self._rng.random()
        for loss, chance in self._chances.items():
            if drawn < chance:
                return loss, self._hold_seconds
            drawn -= chance
        return None

    def reads_along(self, link: Link) -> Session:
        """The wire of a new connection: `Proxy(host, port, wire=losses.reads_along)`."""
        return Session(link, self)


@dataclass(slots=True)
class _Cycle:
    """What the client says until Sync, and what the server answers until ReadyForQuery."""

    loss: Loss | None = None
    hold_seconds: float = 0.0
    kept: bytearray = field(default_factory=bytearray)
    """The client's bytes while the call is held back; then the server's, while they are."""
    has_failed: bool = False


class Session:
    """A Wire: one connection's messages, in both directions."""

    def __init__(self, link: Link, losses: Losses) -> None:
        self._link, self._losses = link, losses
        self._from_client, self._from_server = bytearray(), bytearray()
        self._has_begun = False
        self._bare_answers = 0
        self._statements: set[bytes] = set()
        self._asking = _Cycle()
        self._asked: deque[_Cycle] = deque()
        self._behind: bytearray | None = None
        """What came behind a call that is held back; None: none is."""

    def passes(self, direction: Direction, data: bytes) -> bytes:
        if direction is Direction.TO_SERVER:
            self._from_client += data
            return b"".join(self._goes_to_server())
        self._from_server += data
        return b"".join(self._goes_to_client())

    # What the client says.

    def _goes_to_server(self) -> Iterator[bytes]:
        while not self._has_begun and (first := _untyped(self._from_client)):
            (code,) = struct.unpack_from("!i", first, 4)
            self._has_begun = code not in UNTYPED
            self._bare_answers += UNTYPED.get(code) in ("ssl", "gss")
            yield first
        while self._has_begun and (message := _typed(self._from_client)):
            yield self._asks(message)

    def _asks(self, message: bytes) -> bytes:
        if self._behind is not None:
            self._behind += message
            return b""
        kind, body = message[:1], message[5:]
        cycle = self._asking
        if kind == b"P":
            name, statement = body.split(b"\0", 1)
            (self._statements.add if self._losses.word in statement else self._statements.discard)(name)
        elif kind == b"Q" and body.startswith(b"PREPARE ") and self._losses.word in body:
            self._statements.add(body.split(b" ", 2)[1])
        elif kind == b"B" and body.split(b"\0", 2)[1] in self._statements and cycle.loss is None:
            cycle.loss, cycle.hold_seconds = self._losses.draw() or (None, 0.0)
        if kind in b"SQ":
            return self._all_is_said(message)
        if cycle.loss is Loss.ARRIVE_LATE:
            cycle.kept += message
            return b""
        return message

    def _all_is_said(self, message: bytes) -> bytes:
        """The client waits for the answer now."""
        cycle, self._asking = self._asking, _Cycle()
        self._asked.append(cycle)
        if cycle.loss is Loss.ARRIVE_LATE:
            late = bytes(cycle.kept) + message
            cycle.kept.clear()
            self._behind = bytearray()
            self._link.lose_client()
            self._later(cycle, late)
            return b""
        if cycle.loss in (Loss.HOLD_OPEN, Loss.HOLD_THEN_ABORT):
            self._behind = bytearray()
            return FLUSH  # without Sync it is done, and neither committed nor answered
        return message

    # What the server answers.

    def _goes_to_client(self) -> Iterator[bytes]:
        while self._bare_answers and self._from_server:
            if self._from_server[:1] != b"N":
                raise RuntimeError("an encrypted session cannot be read along: connect with sslmode=disable")
            self._bare_answers -= 1
            yield _taken(self._from_server, 1)
        while message := _typed(self._from_server):
            yield self._answers(message)

    def _answers(self, message: bytes) -> bytes:
        kind = message[:1]
        cycle = self._asked[0] if self._asked else None
        if kind == b"Z" and self._asked:
            self._asked.popleft()
        if cycle is None or cycle.loss is None:
            return message
        cycle.kept += message
        if kind == b"E":
            return self._has_failed(cycle)
        if kind == b"C" and cycle.loss in (Loss.HOLD_OPEN, Loss.HOLD_THEN_ABORT):
            self._link.lose_client()
            self._later(cycle, SYNC)
        if kind == b"Z":
            self._losses.lost[cycle.loss] += 1
            self._link.cut()
        return b""

    def _has_failed(self, cycle: _Cycle) -> bytes:
        """An answer that is no commit is not lost: it goes on, and so does the session."""
        if cycle.loss in (Loss.HOLD_OPEN, Loss.HOLD_THEN_ABORT):
            behind, self._behind = bytes(self._behind or b""), None
            self._link.write(Direction.TO_SERVER, SYNC + self._all_of(behind))
        cycle.loss = None
        return bytes(cycle.kept)

    def _all_of(self, messages: bytes) -> bytes:
        """As if the client sent them now."""
        return self.passes(Direction.TO_SERVER, messages)

    def _later(self, cycle: _Cycle, message: bytes) -> None:
        def now() -> None:
            if cycle.loss is Loss.HOLD_THEN_ABORT:
                self._losses.lost[cycle.loss] += not self._link.is_cut
                self._link.cut()
            else:
                self._link.write(Direction.TO_SERVER, message)

        asyncio.get_running_loop().call_later(cycle.hold_seconds, now)


SYNC = b"S\x00\x00\x00\x04"


def _typed(stream: bytearray) -> bytes:
    """The next whole message (type, length, body) taken off the stream; empty where there is none."""
    if len(stream) < 5:
        return b""
    (length,) = struct.unpack_from("!i", stream, 1)
    return _taken(stream, length + 1)


def _untyped(stream: bytearray) -> bytes:
    """The same for the first words of a client, which have no type."""
    if len(stream) < 8:
        return b""
    (length,) = struct.unpack_from("!i", stream)
    return _taken(stream, length)


def _taken(stream: bytearray, size: int) -> bytes:
    if len(stream) < size:
        return b""
    taken = bytes(stream[:size])
    del stream[:size]
    return taken
