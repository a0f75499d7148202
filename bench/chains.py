"""Real event bytes in bulk: what the registration of one case tells, made once by the contract, then filled in for each case.

A well-formed chain: each event says its stream, its version and the hash of the event before it; nothing in it is made up but the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.types_pb2 import Actor
from google.type.date_pb2 import Date

from bench.portfolio import debt, terms
from bench.serving import TENANT

HAPPENED_SECONDS = 1_767_225_600
"""2026-01-01T00:00:00Z."""
REF_DIGITS = 9
AMOUNT_MINOR_UNITS = 100_000
NO_HASH = bytes(32)
EVENTS_PER_CASE = 4
_STREAM, _COMMAND, _PREVIOUS, _REF = bytes([1] * 16), bytes([2] * 16), bytes([3] * 32), b"4" * REF_DIGITS
"""Stand where the case's own go; found by their bytes, which nothing else in an event is like."""

Fill = Callable[[bytes, bytes, bytes, bytes], bytes]
"""(stream id, command id, hash of the event before, digits of the reference) -> the event."""


def told_of_a_case(client_id: UUID, portfolio_id: UUID) -> list[tuple[str, Fill]]:
    """Type name and bytes of each event, in order: registered, its debtor, its debt, opened. The debtor and the debt have the case's id."""
    registered, party, attached, opened = (_event(version) for version in range(1, EVENTS_PER_CASE + 1))
    told = registered.case_registered
    told.client_id, told.portfolio_id = client_id.bytes, portfolio_id.bytes
    told.external_ref, told.product, told.jurisdiction = reference(_REF.decode()), "credit_card", "ES"
    told.terms.CopyFrom(terms())
    party.party_added.person_id, party.party_added.role = _STREAM, types.PARTY_ROLE_DEBTOR
    party.party_added.liability = types.LIABILITY_FULL
    owed = debt("D-1")
    attached.debt_attached.debt_id, attached.debt_attached.external_ref = _STREAM, owed.external_ref
    attached.debt_attached.product = owed.product
    attached.debt_attached.components.extend(owed.components)
    attached.debt_attached.value_date.CopyFrom(Date(year=2026, month=1, day=1))
    opened.case_opened.reason = "REGISTERED"
    return [_filled(event) for event in (registered, party, attached, opened)]


def told_of_a_client(client_id: UUID) -> tuple[str, bytes]:
    event = _event(1)
    event.client_registered.external_ref, event.client_registered.name = "bench", "Bench Bank"
    name, fill = _filled(event)
    return name, fill(client_id.bytes, client_id.bytes, NO_HASH, b"")


def told_of_a_portfolio(portfolio_id: UUID, client_id: UUID) -> tuple[str, bytes]:
    event = _event(1)
    opened = event.portfolio_opened
    opened.client_id, opened.external_ref, opened.name = client_id.bytes, "bench", "Portfolio"
    opened.terms.CopyFrom(terms())
    name, fill = _filled(event)
    return name, fill(portfolio_id.bytes, portfolio_id.bytes, NO_HASH, b"")


def reference(digits: str) -> str:
    """The client's own name of a case."""
    return f"C{digits}"


def chained(stream_id: bytes, command_id: bytes, number: int, told: Sequence[tuple[str, Fill]]) -> tuple[list[bytes], bytes]:
    """The events of one case, and the hash of the last."""
    events, head, ref = [], NO_HASH, b"%0*d" % (REF_DIGITS, number)
    for _, fill in told:
        event = fill(stream_id, command_id, head, ref)
        events.append(event)
        head = sha256(event).digest()
    return events, head


def _event(version: int) -> Any:
    event = CaseEvent()
    meta = event.meta
    meta.tenant_id, meta.stream_id, meta.version = TENANT, _STREAM, version
    meta.occurred_at.seconds = HAPPENED_SECONDS
    meta.actor.kind, meta.actor.id = Actor.KIND_AGENT, "bench"
    meta.command_id = meta.correlation_id = _COMMAND
    meta.prev_hash = _PREVIOUS
    return event


def _filled(event: Any) -> tuple[str, Fill]:
    """Everything that differs between cases is as long in one as in another: the bytes around it stay."""
    name = event.WhichOneof("event")
    kind = event.DESCRIPTOR.fields_by_name[name].message_type.name
    marks = (_STREAM, _COMMAND, _PREVIOUS, _REF)
    parts = re.split(b"(" + b"|".join(map(re.escape, marks)) + b")", event.SerializeToString(deterministic=True))
    form = b"".join(b"%b" if part in marks else part.replace(b"%", b"%%") for part in parts)
    order = [marks.index(part) for part in parts if part in marks]

    def fill(*values: bytes) -> bytes:
        return form % tuple([values[place] for place in order])

    return kind, fill
