"""Writing the read model of promises: one row for each, with what was first published of it and what is known now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.common.v1.types_pb2 import Money
from google.protobuf.message import Message
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.cases.views.statements import run
from services.chassis.heard import Heard, View

Row = dict[str, Any]
COLUMNS = (
    *("promise_id", "tenant_id", "case_id", "made_at", "taken_by", "state", "is_suspended", "currency_code", "promised", "paid"),
    *("grace_days", "last_day", "published", "published_paid"),
)
KINDS = "uuid text uuid bigint text text boolean text bigint bigint integer date text bigint"


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    """Facts in log order, inside the transaction that moves the view's position: each is written once."""
    ours = [heard for heard in facts if type(heard.fact) in CHANGES or isinstance(heard.fact, pb.PromiseMade)]
    rows = await _rows(connection, {UUID(bytes=heard.fact.promise_id) for heard in ours})
    for heard in ours:
        promise_id = UUID(bytes=heard.fact.promise_id)
        if isinstance(heard.fact, pb.PromiseMade):
            rows[promise_id] = _made(heard, promise_id)
        else:
            CHANGES[type(heard.fact)](rows[promise_id], heard.fact)
    await run(connection, UPSERT, KINDS, [tuple(row[name] for name in COLUMNS) for row in rows.values()])


async def _rows(connection: AsyncConnection[Any], promise_ids: Iterable[UUID]) -> dict[UUID, Row]:
    wanted = list(promise_ids)
    if not wanted:
        return {}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM cases.promises WHERE promise_id = ANY (%s)", (wanted,))
        return {row["promise_id"]: row for row in await cursor.fetchall()}


# One function for each kind of fact ------------------------------------------------------------------------------------


def _made(heard: Heard[pb.PromiseMade], promise_id: UUID) -> Row:
    fact = heard.fact
    return {
        "promise_id": promise_id,
        "tenant_id": heard.tenant_id,
        "case_id": heard.stream_id,
        "made_at": heard.position,
        "taken_by": heard.meta.actor.id,
        "state": "DUE",
        "is_suspended": False,
        "currency_code": fact.parts[0].amount.currency_code,
        "promised": sum(part.amount.minor_units for part in fact.parts),
        "paid": 0,
        "grace_days": fact.grace_days,
        "last_day": _last_day(fact.parts, fact.grace_days),
        "published": None,
        "published_paid": 0,
    }


def _judged(row: Row, state: str, paid: int) -> None:
    """What it is judged to be for the first time is what was published; later words restate it."""
    row["state"], row["paid"] = state, paid
    if row["published"] is None:
        row["published"], row["published_paid"] = state, paid


def _kept(row: Row, fact: pb.PromiseKept) -> None:
    row["is_suspended"] = False
    _judged(row, "KEPT", fact.paid.minor_units)


def _partly(row: Row, fact: pb.PromisePartlyKept) -> None:
    _judged(row, "PARTLY_KEPT", fact.paid.minor_units)


def _broken(row: Row, fact: pb.PromiseBroken) -> None:
    _judged(row, "BROKEN", 0)


def _due(row: Row, fact: Any) -> None:
    row["state"], row["paid"] = "DUE", _paid(fact.paid)


def _break_revoked(row: Row, fact: pb.PromiseBreakRevoked) -> None:
    row["state"] = "DUE"


def _over(state: str) -> Callable[[Row, Any], None]:
    def note(row: Row, fact: Any) -> None:
        row["state"], row["is_suspended"] = state, False

    return note


def _unpaid_so_far(row: Row, fact: pb.PromiseUnpaidSoFar) -> None:
    row["state"] = "UNPAID_SO_FAR"


def _suspended(row: Row, fact: pb.PromiseSuspended) -> None:
    row["is_suspended"] = True


def _resumed(row: Row, fact: pb.PromiseResumed) -> None:
    row["is_suspended"], row["last_day"] = False, _last_day(fact.parts, row["grace_days"])
    if row["state"] == "UNPAID_SO_FAR":
        row["state"] = "DUE"


def _paid(amount: Money) -> int:
    return amount.minor_units


def _last_day(parts: Sequence[pb.PromisePart], grace_days: int) -> date:
    last = parts[-1].date
    return date(last.year, last.month, last.day) + timedelta(days=grace_days)


UPSERT = f"""
INSERT INTO cases.promises ({", ".join(COLUMNS)}) SELECT * FROM {{rows}}
ON CONFLICT (promise_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[5:])}"""

CHANGES: Mapping[type[Message], Callable[[Row, Any], None]] = {
    pb.PromisePartPaid: _due,
    pb.PromisePartRevoked: _due,
    pb.PromiseKept: _kept,
    pb.PromiseUnpaidSoFar: _unpaid_so_far,
    pb.PromisePartlyKept: _partly,
    pb.PromiseBroken: _broken,
    pb.PromiseKeptRevoked: _due,
    pb.PromiseBreakRevoked: _break_revoked,
    pb.PromiseCancelled: _over("CANCELLED"),
    pb.PromiseSuperseded: _over("SUPERSEDED"),
    pb.PromiseSuspended: _suspended,
    pb.PromiseResumed: _resumed,
}

OF_CASES: Sequence[type[Message]] = (pb.PromiseMade, pb.PromiseReminderDue, *CHANGES)
"""Facts of a case's own stream that are about promises."""

PROMISES = View(name="promises", tables=("promises",), write=write)
