"""Calls that were made, and the history of them that the checker reads.

It is written when the run is over: a line before each call and one after it would be half of what is measured. A run whose client
died has no figures, so nothing is lost by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt

from proof.history import Asked, Came, History, Outcome

NOT_PAYLOAD = ("request_id", "etag")


@dataclass(frozen=True, slots=True)
class Made:
    """One call that was answered."""

    request_id: str
    at: float
    """Real time, in seconds since 1970, when it was asked."""
    took: float
    """Seconds."""
    request: Any
    answer: Any


def keep_history(file: str, token: str, method: str, made: Sequence[Made]) -> None:
    """Of answered calls. `method` is the full name: acuerdo.cases.v1.Cases/RecordFact."""
    claims = jwt.decode(token, options={"verify_signature": False})
    principal = f"{claims['iss']}#{claims['sub']}"
    history = History(Path(file))
    for number, one in enumerate(made, 1):
        asked_at, came_at = (datetime.fromtimestamp(at, UTC) for at in (one.at, one.at + one.took))
        seen, position = _told(one.answer)
        request_id = one.request_id if position else ""
        history.write(
            Asked(number, asked_at, method.split(".")[1], method, claims["tenant_id"], principal, request_id, _payload_hash(one.request))
        )
        history.write(Came(number, came_at, Outcome.OK, reply_sha256=_hash(one.answer), position=position, seen=seen))
    history.close()


def _told(answer: Any) -> tuple[dict[str, int], int]:
    """Streams with their versions, and the position, of a change's answer."""
    if hasattr(answer, "outcomes"):
        return dict(_row(outcome) for outcome in answer.outcomes if not outcome.reason), answer.position
    receipt = getattr(answer, "receipt", None)
    return ({}, 0) if receipt is None else ({receipt.stream_id: receipt.version}, receipt.position)


def _row(outcome: Any) -> tuple[str, int]:
    """The stream that a taken row made, and its version: a payment is told once, and new."""
    return (outcome.payment_id, 1) if hasattr(outcome, "payment_id") else (outcome.case_id, outcome.version)


def _payload_hash(request: Any) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    for name in NOT_PAYLOAD:
        if name in bare.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    return _hash(bare)


def _hash(message: Any) -> str:
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
