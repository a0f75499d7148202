"""Writing the read models: facts of a batch are noted in one pass, then each table gets one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import receipts_pb2 as receipts
from google.protobuf.message import Message
from psycopg import AsyncConnection

from services.chassis.heard import Heard, View
from services.chassis.rpc import words


@dataclass(slots=True)
class Notes:
    """What the facts of one batch come to, for each table."""

    sources: list[tuple[Any, ...]] = field(default_factory=list)
    portfolios: dict[UUID, str] = field(default_factory=dict)
    received: list[tuple[Any, ...]] = field(default_factory=list)
    cases: dict[UUID, UUID | None] = field(default_factory=dict)
    reversed: list[tuple[Any, ...]] = field(default_factory=list)
    allocated: list[tuple[Any, ...]] = field(default_factory=list)
    taken_back: list[tuple[Any, ...]] = field(default_factory=list)
    opened: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    resolved: list[UUID] = field(default_factory=list)
    clients: list[tuple[Any, ...]] = field(default_factory=list)


def note(facts: Iterable[Heard[Any]]) -> Notes:
    notes = Notes()
    for heard in facts:
        noting = NOTES.get(type(heard.fact))
        if noting is not None:
            noting(notes, heard)
    return notes


# One function for each kind of fact ------------------------------------------------------------------------------------


def _registered(notes: Notes, heard: Heard[receipts.PaymentSourceRegistered]) -> None:
    fact = heard.fact
    notes.sources.append((UUID(bytes=fact.source_id), heard.tenant_id, heard.position, _uuid(fact.client_id), _ids(fact.portfolio_ids)))


def _portfolios_changed(notes: Notes, heard: Heard[receipts.PaymentSourcePortfoliosChanged]) -> None:
    notes.portfolios[UUID(bytes=heard.fact.source_id)] = _ids(heard.fact.portfolio_ids)


def _received(notes: Notes, heard: Heard[receipts.PaymentReceived]) -> None:
    fact = heard.fact
    notes.received.append(
        (
            UUID(bytes=fact.payment_id),
            heard.tenant_id,
            heard.position,
            heard.recorded_at,
            UUID(bytes=fact.source_id),
            fact.provider_ref,
            fact.amount.currency_code,
            fact.amount.minor_units,
            words.day(fact.value_date, "value_date"),
            _uuid(fact.client_id),
            _uuid(fact.case_id),
        )
    )


def _matched(notes: Notes, heard: Heard[receipts.PaymentMatched]) -> None:
    notes.cases[UUID(bytes=heard.fact.payment_id)] = UUID(bytes=heard.fact.case_id)


def _unmatched(notes: Notes, heard: Heard[receipts.PaymentUnmatched]) -> None:
    notes.cases[UUID(bytes=heard.fact.payment_id)] = None


def _reversed(notes: Notes, heard: Heard[receipts.PaymentReversed]) -> None:
    notes.reversed.append((UUID(bytes=heard.fact.payment_id), words.day(heard.fact.value_date, "value_date")))


def _allocated(notes: Notes, heard: Heard[told.PaymentAllocated]) -> None:
    fact = heard.fact
    ids = UUID(bytes=fact.payment_id), UUID(bytes=fact.case_id)
    value_date = words.day(fact.value_date, "value_date")
    notes.allocated.append((UUID(bytes=fact.allocation_id), heard.tenant_id, *ids, fact.amount.minor_units, value_date))


def _taken_back(notes: Notes, heard: Heard[told.AllocationReversed]) -> None:
    notes.taken_back.append((UUID(bytes=heard.fact.allocation_id), words.day(heard.fact.value_date, "value_date")))


def _opened(notes: Notes, heard: Heard[receipts.SuspenseItemOpened]) -> None:
    fact = heard.fact
    item_id = UUID(bytes=fact.item_id)
    notes.opened[item_id] = (
        item_id,
        heard.tenant_id,
        heard.position,
        heard.recorded_at,
        UUID(bytes=fact.payment_id),
        fact.amount.currency_code,
        fact.amount.minor_units,
        words.day(fact.value_date, "value_date"),
        receipts.SuspenseReason.Name(fact.reason).removeprefix("SUSPENSE_REASON_"),
        _ids(fact.candidate_case_ids),
        _ids(fact.portfolio_ids),
        _uuid(fact.client_id),
        fact.external_ref,
    )


def _resolved(notes: Notes, heard: Heard[receipts.SuspenseItemResolved]) -> None:
    item_id = UUID(bytes=heard.fact.item_id)
    if notes.opened.pop(item_id, None) is None:
        notes.resolved.append(item_id)


def _book_opened(notes: Notes, heard: Heard[receipts.CaseBookOpened]) -> None:
    notes.clients.append((UUID(bytes=heard.fact.case_id), heard.tenant_id, UUID(bytes=heard.fact.client_id)))


def _uuid(wire: bytes) -> UUID | None:
    return UUID(bytes=wire) if wire else None


def _ids(wire: Iterable[bytes]) -> str:
    """As PostgreSQL writes an array: a column of arrays cannot travel as an array of arrays."""
    return "{" + ",".join(str(UUID(bytes=each)) for each in wire) + "}"


NOTES: Mapping[type[Message], Callable[[Notes, Heard[Any]], None]] = {
    receipts.PaymentSourceRegistered: _registered,
    receipts.PaymentSourcePortfoliosChanged: _portfolios_changed,
    receipts.PaymentReceived: _received,
    receipts.PaymentMatched: _matched,
    receipts.PaymentUnmatched: _unmatched,
    receipts.PaymentReversed: _reversed,
    receipts.SuspenseItemOpened: _opened,
    receipts.SuspenseItemResolved: _resolved,
    receipts.CaseBookOpened: _book_opened,
    told.PaymentAllocated: _allocated,
    told.AllocationReversed: _taken_back,
}

# One statement for each table -------------------------------------------------------------------------------------------


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    notes = note(facts)
    for statement, kinds, rows in (
        (INSERT_SOURCES, "uuid text bigint uuid text", notes.sources),
        (UPDATE_PORTFOLIOS, "uuid text", list(notes.portfolios.items())),
        (INSERT_CLIENTS, "uuid text uuid", notes.clients),
        (INSERT_PAYMENTS, "uuid text bigint timestamptz uuid text text bigint date uuid uuid", notes.received),
        (UPDATE_CASES, "uuid uuid", list(notes.cases.items())),
        (UPDATE_REVERSED, "uuid date", notes.reversed),
        (INSERT_ALLOCATIONS, "uuid text uuid uuid bigint date", notes.allocated),
        (UPDATE_ALLOCATIONS, "uuid date", notes.taken_back),
        (DELETE_ITEMS, "uuid", [(item_id,) for item_id in notes.resolved]),
        (INSERT_ITEMS, "uuid text bigint timestamptz uuid text bigint date text text text uuid text", list(notes.opened.values())),
    ):
        await _run(connection, statement, kinds, rows)


async def _run(connection: AsyncConnection[Any], statement: str, kinds: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """The statement once, for all rows: its `{rows}` is their columns as arrays."""
    if not rows:
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds.split())
    columns = [list(column) for column in zip(*rows, strict=True)]
    # Only our own constants are put together here; values travel apart.
    await connection.execute(statement.replace("{rows}", f"unnest({arrays})").encode(), columns)


INSERT_SOURCES = """
INSERT INTO payments.source_list (source_id, tenant_id, registered_at, client_id, portfolio_ids)
SELECT a, b, c, d, e::uuid[] FROM {rows} r (a, b, c, d, e)"""
UPDATE_PORTFOLIOS = """
UPDATE payments.source_list s SET portfolio_ids = r.portfolio_ids::uuid[] FROM {rows} r (source_id, portfolio_ids)
WHERE s.source_id = r.source_id"""
INSERT_CLIENTS = "INSERT INTO payments.case_clients (case_id, tenant_id, client_id) SELECT * FROM {rows}"
INSERT_PAYMENTS = """
INSERT INTO payments.payment_list (payment_id, tenant_id, recorded, recorded_at, source_id, provider_ref, currency_code, minor_units,
                                   value_date, client_id, case_id)
SELECT * FROM {rows}"""
UPDATE_CASES = """
UPDATE payments.payment_list p SET case_id = r.case_id FROM {rows} r (payment_id, case_id) WHERE p.payment_id = r.payment_id"""
UPDATE_REVERSED = """
UPDATE payments.payment_list p SET reversed_on = r.reversed_on FROM {rows} r (payment_id, reversed_on) WHERE p.payment_id = r.payment_id"""
INSERT_ALLOCATIONS = """
INSERT INTO payments.allocation_list (allocation_id, tenant_id, payment_id, case_id, minor_units, value_date) SELECT * FROM {rows}"""
UPDATE_ALLOCATIONS = """
UPDATE payments.allocation_list a SET reversed_on = r.reversed_on FROM {rows} r (allocation_id, reversed_on)
WHERE a.allocation_id = r.allocation_id"""
DELETE_ITEMS = "DELETE FROM payments.suspense_list s USING {rows} r (item_id) WHERE s.item_id = r.item_id"
INSERT_ITEMS = """
INSERT INTO payments.suspense_list (item_id, tenant_id, opened, since, payment_id, currency_code, minor_units, value_date, reason,
                                    candidate_case_ids, portfolio_ids, client_id, external_ref)
SELECT a, b, c, d, e, f, g, h, i, j::uuid[], k::uuid[], l, m FROM {rows} r (a, b, c, d, e, f, g, h, i, j, k, l, m)"""

VIEWS = (
    View(
        "payments",
        ("source_list", "payment_list", "allocation_list", "suspense_list", "case_clients"),
        write,
    ),
)
