"""Dropping: promises that nobody waits for any more, because of what was decided about the case or its debts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.debts import known
from services.cases.domain.promises import CancelledBy, PromiseCancelled

if TYPE_CHECKING:
    from services.cases.domain.case import Case


def cancel_open(case: Case, reason_code: str) -> None:
    """The case closes: nobody waits for what was promised any more."""
    for promise in case.promises.open():
        case.tell(PromiseCancelled(**case.next(), promise_id=promise.id, by=CancelledBy.CLOSING, reason_code=reason_code))


def cancel_of_debt(case: Case, debt_id: UUID) -> None:
    """A debt no longer counts: promises for nothing else are cancelled with it."""
    for promise in case.promises.open():
        if debt_id in promise.debt_ids and all(known(case, each).detached_on is not None for each in promise.debt_ids):
            case.tell(PromiseCancelled(**case.next(), promise_id=promise.id, by=CancelledBy.US, reason_code="DEBT_DETACHED"))
