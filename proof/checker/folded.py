"""I8: the live state is the folded state, and each stream's head is its last event.

Heads by SQL, for all streams. Cases: GetCase as it is live against GetCase as known at the log's head, which is folded from the history.
Treatments: GetTreatment against what its events say. Cases and treatments are asked for evenly, at most so many in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.log_pb2 import HeadRequest
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1.events_pb2 import StrategyEvent

from proof.checker.doors import ANSWER_WITHIN_SECONDS, Doors, Tokens, each, with_token
from proof.checker.findings import Finding, Looked
from proof.checker.stored import Event, Stored

T = TypeVar("T")
CASE_TREATED = "TreatmentStarted"


async def folded(stored: Mapping[str, Stored], doors: Doors | None, tokens: Tokens, asked_max: int) -> Finding:
    looked = Looked("I8")
    for one in stored.values():
        looked.counted += len(one.streams)
        looked.breaks(*_broken_heads(one))
    missing = await _asked(stored, doors, tokens, asked_max, looked)
    return looked.finding(missing)


def _broken_heads(stored: Stored) -> Iterator[str]:
    last = {event.stream: event for event in stored.events}
    for stream, (version, tenant_id, head_hash) in stored.streams.items():
        event = last.pop(stream, None)
        name = f"{stored.service} {UUID(bytes=stream)}"
        if event is None:
            yield f"{name} stands at version {version}, and has no events"
        elif (version, tenant_id, head_hash) != (event.version, event.tenant_id, event.digest):
            yield f"{name} stands at version {version} of {tenant_id}, and its last event is {event.name} of {event.tenant_id}"
    yield from (f"{event.name} is of a stream that stands nowhere" for event in last.values())


async def _asked(stored: Mapping[str, Stored], doors: Doors | None, tokens: Tokens, asked_max: int, looked: Looked) -> str:
    """What was missing to ask."""
    missing: list[str] = []
    for service, ask in (("cases", _ask_cases), ("strategy", _ask_treatments)):
        if service not in stored:
            continue
        if doors is None or service not in doors or tokens.any is None:
            missing.append(f"no way to ask {service}")
            continue
        without = await ask(stored[service], doors, tokens, asked_max, looked)
        missing += [f"no token of {tenant} for {service}" for tenant in without]
    return "; ".join(missing)


# Cases -------------------------------------------------------------------------------------------------------------------


async def _ask_cases(stored: Stored, doors: Doors, tokens: Tokens, asked_max: int, looked: Looked) -> list[str]:
    registered = [event for event in stored.events if event.fact == "CaseRegistered"]
    asked, without = _with_token(registered, tokens)
    token = tokens.any
    if not asked or token is None:
        return without
    try:
        head = (await doors.log("cases").Head(HeadRequest(), metadata=with_token(token), timeout=ANSWER_WITHIN_SECONDS)).head
    except grpc.aio.AioRpcError as error:
        looked.breaks(f"cases does not say where its log stands: {error.code().name}")
        return without

    async def differs(event: Event) -> str:
        metadata = with_token(tokens.of(event.tenant_id) or "")
        case_id = str(UUID(bytes=event.stream))
        try:
            request = cases.GetCaseRequest(case_id=case_id, as_known_at=head.complete_through)
            then = await doors.cases.GetCase(request, metadata=metadata, timeout=ANSWER_WITHIN_SECONDS)
            # For the same day, should it have turned meanwhile.
            request = cases.GetCaseRequest(case_id=case_id, as_of=then.as_of)
            live = await doors.cases.GetCase(request, metadata=metadata, timeout=ANSWER_WITHIN_SECONDS)
        except grpc.aio.AioRpcError as error:
            return f"case {case_id} of {event.tenant_id} cannot be asked for: {error.code().name}"
        if live.case == then.case:
            version = stored.streams.get(event.stream, (0,))[0]
            return "" if live.case.etag == str(version) else f"case {case_id} is live at version {live.case.etag}, stored at {version}"
        return f"case {case_id} is live as another than its history folds to: {', '.join(_other_fields(live.case, then.case))}"

    found = _evenly(asked, asked_max)
    looked.counted += len(found)
    looked.breaks(*filter(None, await each(found, differs)))
    return without


def _other_fields(one: Any, other: Any) -> list[str]:
    return [field.name for field in one.DESCRIPTOR.fields if getattr(one, field.name) != getattr(other, field.name)]


# Treatments --------------------------------------------------------------------------------------------------------------


@dataclass
class Treated:
    """What the events of a treatment come to, as far as GetTreatment shows it."""

    segment: str = ""
    table_version: int = 0
    bucket: str = ""
    balance: tuple[str, int] = ("", 0)
    has_ended: bool = False
    etag: str = ""


async def _ask_treatments(stored: Stored, doors: Doors, tokens: Tokens, asked_max: int, looked: Looked) -> list[str]:
    started = [event for event in stored.events if event.fact == CASE_TREATED]
    asked, without = _with_token(started, tokens)

    async def differs(event: Event) -> str:
        case_id = str(UUID(bytes=StrategyEvent.FromString(event.data).treatment_started.case_id))
        expected = _treated(stored, event.stream)
        try:
            request = strategy.GetTreatmentRequest(case_id=case_id)
            metadata = with_token(tokens.of(event.tenant_id) or "")
            answer = await doors.strategy.GetTreatment(request, metadata=metadata, timeout=ANSWER_WITHIN_SECONDS)
        except grpc.aio.AioRpcError as error:
            return f"the treatment of case {case_id} of {event.tenant_id} cannot be asked for: {error.code().name}"
        shown = answer.treatment
        balance = (shown.balance.currency_code, shown.balance.minor_units)
        live = Treated(shown.segment, shown.table_version, shown.bucket, balance, shown.has_ended, shown.etag)
        return "" if live == expected else f"the treatment of case {case_id} is live as {live}, and its events say {expected}"

    found = _evenly(asked, asked_max)
    looked.counted += len(found)
    looked.breaks(*filter(None, await each(found, differs)))
    return without


def _treated(stored: Stored, stream: bytes) -> Treated:
    found, version = Treated(), 0
    while (event := stored.by_version.get((stream, version + 1))) is not None:
        version += 1
        message = StrategyEvent.FromString(event.data)
        if event.fact == CASE_TREATED:
            found.balance = (message.treatment_started.currency_code, 0)
        elif event.fact == "StandingNoted":
            noted = message.standing_noted
            found.bucket, found.balance = noted.bucket, (noted.balance.currency_code, noted.balance.minor_units)
        elif event.fact == "SegmentAssigned":
            found.segment, found.table_version = message.segment_assigned.to, message.segment_assigned.table_version
        elif event.fact in ("TreatmentEnded", "TreatmentResumed"):
            found.has_ended = event.fact == "TreatmentEnded"
    found.etag = str(version)
    return found


# Whom to ask for ---------------------------------------------------------------------------------------------------------


def _with_token(events: Iterable[Event], tokens: Tokens) -> tuple[list[Event], list[str]]:
    """Those of tenants that a token is there for, and the other tenants."""
    asked, without = [], set()
    for event in events:
        if tokens.of(event.tenant_id) is None:
            without.add(event.tenant_id)
        else:
            asked.append(event)
    return asked, sorted(without)


def _evenly(things: Sequence[T], most: int) -> Sequence[T]:
    return things if len(things) <= most else [things[number * len(things) // most] for number in range(most)]
