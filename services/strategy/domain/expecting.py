"""Expecting: what a case waits for at its step, and until when, in a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from services.strategy.domain import choosing, waking
from services.strategy.domain.graph import StepKind

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

IN_A_WORD: Mapping[str, str] = {
    choosing.HELD: "HOLD",
    choosing.PAUSED: "PERSON",
    choosing.DEBTOR: "DEBTOR",
    choosing.MONEY: "MONEY",
    choosing.PROMISE: "PROMISE",
}


def expected(treatment: Treatment) -> tuple[str, datetime | None]:
    """What for, and until when; None: until something happens."""
    at = treatment.course.at
    if at is None:
        return "NOTHING", None
    until = next((each.at for each in waking.due(treatment)), None)
    if at.kind is StepKind.WAIT:
        return "TIME", until
    if at.kind is StepKind.FOLLOW_PROMISE:
        promise = treatment.promises.standing
        return "PROMISE", waking.midnight_after(treatment, promise.deadline) if promise and promise.deadline else None
    if at.kind is StepKind.MESSAGE and at.request_id is not None:
        return "ANSWER", until
    if at.ask_at is not None:
        return "TIME", until
    if at.said in IN_A_WORD:
        return IN_A_WORD[at.said], until
    return "FACT", None
