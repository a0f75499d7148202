"""Failures as sentences: what a service refused, in a person's words, and the exit code of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc import StatusCode

OK, REFUSED, INVALID, NOT_FOUND, NOT_AUTHORISED, UNAVAILABLE = range(6)
"""Exit codes."""

DETAILS_KEY = "grpc-status-details-bin"


@dataclass
class Failure(Exception):
    """The command cannot be done; what is said about it, and with which exit code it ends."""

    exit_code: int
    sentence: str
    reason: str = ""
    """Upper-case name of the rule, where there is one."""
    lines: Sequence[str] = ()
    """What more there is to say, a line each."""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence


def usage(sentence: str, *lines: str) -> Failure:
    """The command was not said as it should be."""
    return Failure(INVALID, sentence, "USAGE", lines)


def failure_of(error: grpc.aio.AioRpcError) -> Failure:
    """What the service answered instead of doing it."""
    code = error.code()
    status = _details(error)
    said = Failure(EXIT_OF.get(code, REFUSED), _sentence(error), code.name)
    lines: list[str] = []
    for packed in status.details if status is not None else ():
        for kind, read in _READERS:
            if packed.Is(kind.DESCRIPTOR):
                detail = kind()
                packed.Unpack(detail)
                read(detail, said, lines)
    if code in (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED):
        lines.append("Ask again: what was stored is not stored twice.")
    said.lines = lines
    return said


def _sentence(error: grpc.aio.AioRpcError) -> str:
    code, told = error.code(), (error.details() or "").strip()
    if code is StatusCode.UNAVAILABLE and _details(error) is None:
        return "The service cannot be reached. Is it running (acuerdo up)?"
    return f"{OPENING.get(code, 'It failed')}{': ' + told if told else ''}".rstrip(".") + "."


def _details(error: grpc.aio.AioRpcError) -> Any | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            try:
                return Status.FromString(value)
            except DecodeError:
                return None
    return None


def _info(detail: Any, said: Failure, lines: list[str]) -> None:
    said.reason = detail.reason
    said.facts = dict(detail.metadata)
    lines.extend(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(detail.metadata.items()) if name not in _NOT_FOR_PEOPLE)


def _violations(detail: Any, said: Failure, lines: list[str]) -> None:
    said.sentence = f"{OPENING[StatusCode.INVALID_ARGUMENT]}:"
    lines.extend(
        f"{broken.field or 'the request'}: {broken.description or broken.reason or 'is not valid'}" for broken in detail.field_violations
    )


def _preconditions(detail: Any, said: Failure, lines: list[str]) -> None:
    lines.extend(broken.description for broken in detail.violations if broken.description and broken.description not in said.sentence)


def _retry(detail: Any, said: Failure, lines: list[str]) -> None:
    milliseconds = detail.retry_delay.seconds * 1000 + detail.retry_delay.nanos // 1_000_000
    lines.append(f"It may be asked again in {max(1, (milliseconds + 999) // 1000)} s.")


_NOT_FOR_PEOPLE = frozenset({"violations", "named", "field", "description"})

_READERS = ((ErrorInfo, _info), (BadRequest, _violations), (PreconditionFailure, _preconditions), (RetryInfo, _retry))

OPENING = {
    StatusCode.FAILED_PRECONDITION: "Refused",
    StatusCode.ALREADY_EXISTS: "Refused",
    StatusCode.ABORTED: "Refused, somebody was faster",
    StatusCode.INVALID_ARGUMENT: "Not valid",
    StatusCode.OUT_OF_RANGE: "Not valid",
    StatusCode.NOT_FOUND: "Not found",
    StatusCode.UNAUTHENTICATED: "Not let in",
    StatusCode.PERMISSION_DENIED: "Not allowed",
    StatusCode.UNAVAILABLE: "Not available",
    StatusCode.DEADLINE_EXCEEDED: "Not answered in time",
    StatusCode.RESOURCE_EXHAUSTED: "Too busy",
    StatusCode.UNIMPLEMENTED: "The service does not know this question",
    StatusCode.INTERNAL: "Something failed in the service",
    StatusCode.DATA_LOSS: "The stored history does not verify",
}

EXIT_OF = {
    StatusCode.INVALID_ARGUMENT: INVALID,
    StatusCode.OUT_OF_RANGE: INVALID,
    StatusCode.NOT_FOUND: NOT_FOUND,
    StatusCode.UNAUTHENTICATED: NOT_AUTHORISED,
    StatusCode.PERMISSION_DENIED: NOT_AUTHORISED,
    StatusCode.UNAVAILABLE: UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: UNAVAILABLE,
    StatusCode.RESOURCE_EXHAUSTED: UNAVAILABLE,
}
"""Everything else is REFUSED."""
