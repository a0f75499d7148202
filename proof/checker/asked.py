"""What callers asked and were told, grouped as the log knows requests: by tenant, principal, method and request_id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from proof.checker.contract import CHUNKED, NO_COMMAND
from proof.checker.stored import Command
from proof.history import Asked, Attempt, Outcome

Key = tuple[str, str, str, str, str]
"""Service, tenant, principal, method, request_id; of a row's command, the request_id of its chunk."""

BEFORE_ANY_ROW = frozenset({"NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED", "INVALID_ARGUMENT"})
"""Statuses that a chunk gets as a whole, before a row of it is asked for. With others some of its rows may be stored."""
REUSED = "REQUEST_ID_REUSED"


@dataclass(slots=True)
class Request:
    """All attempts at one request, in the order of the history."""

    key: Key
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_chunk(self) -> bool:
        return self.key[3] in CHUNKED

    @property
    def name(self) -> str:
        service, tenant, principal, method, request_id = self.key
        return f"{service} {method} {request_id!r} of {tenant}/{principal}"

    @property
    def answered(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.outcome is Outcome.OK]

    @property
    def is_refused(self) -> bool:
        """Every attempt ended in a definite error that says: nothing is stored."""
        return all(attempt.outcome is Outcome.FAIL and self._stores_nothing(attempt) for attempt in self.attempts)

    def _stores_nothing(self, attempt: Attempt) -> bool:
        came = attempt.came
        assert came is not None
        return not self.is_chunk or (came.status in BEFORE_ANY_ROW and came.reason != REUSED)


def requests(attempts: Iterable[Attempt]) -> dict[Key, Request]:
    """Those that store something: mutations, and readings that are recorded."""
    found: dict[Key, Request] = {}
    for attempt in attempts:
        asked = attempt.asked
        if asked.request_id and not asked.method.startswith(NO_COMMAND):
            key = _key_of(asked)
            found.setdefault(key, Request(key)).attempts.append(attempt)
    return found


def _key_of(asked: Asked) -> Key:
    return asked.service, asked.tenant_id, asked.principal, asked.method, asked.request_id


def key_of(service: str, command: Command) -> Key:
    """Of the request that a command's row came of."""
    request_id = command.request_id.rpartition("/")[0] if command.method in CHUNKED else command.request_id
    return service, command.tenant_id, command.principal, command.method, request_id


def commands_of(service: str, commands: Sequence[Command]) -> dict[Key, list[Command]]:
    found: defaultdict[Key, list[Command]] = defaultdict(list)
    for command in commands:
        found[key_of(service, command)].append(command)
    return found
