"""Callers of one service by the documented rule (docs/guide-api.md): what is unknown is asked again with the same request id.

Each keeps to streams of its own and gives the version it has seen, so ABORTED, or any other no, would be a false one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1 import types_pb2 as common
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.date_pb2 import Date

from proof.history import UNKNOWN_OUTCOMES, Asked, Came, History, Outcome
from proof.load.calling import payload_hash
from proof.one_service import TENANT, OneService
from services.chassis.ids import new_id

ASK_AGAIN = UNKNOWN_OUTCOMES | {"RESOURCE_EXHAUSTED"}
PAUSE_SECONDS = 0.05
BATCH_ROWS_MAX = 64


@dataclass
class Told:
    """What the callers have been told, added up."""

    history: History
    """Every attempt over gRPC, for the checker."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of attempts."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """request_id -> how many events it must have."""
    false_answers: list[str] = field(default_factory=list)
    """What could not be: a definite no, another reply than the first, an answer older than what was acknowledged."""
    late: list[str] = field(default_factory=list)
    """Calls that outlived their deadline."""
    units: Counter[str] = field(default_factory=Counter)
    """Finished, by door."""
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def finished(self) -> int:
        return sum(self.units.values())


class Caller:
    """Somebody who asks over gRPC."""

    def __init__(self, service: OneService, told: Told, name: str, deadline_seconds: float = 2.0) -> None:
        self._service, self._told, self.name = service, told, name
        self.deadline_seconds = deadline_seconds
        self._asked = 0

    def new_request(self) -> str:
        self._asked += 1
        return f"{self.name}-{self._asked}"

    async def attempt(self, method: str, request: Message) -> Any:
        """One attempt: the reply, or the status's name."""
        began, number = asyncio.get_running_loop().time(), next(self._told.numbers)
        self._told.history.write(_asked(number, method, request, self._service.principal))
        try:
            reply = await getattr(self._service.cases, method)(request, timeout=self.deadline_seconds, metadata=self._service.metadata)
        except grpc.aio.AioRpcError as error:
            self._told.history.write(_refused(number, error))
            reply = error.code().name
        else:
            self._told.history.write(_answered(number, reply))
        took = asyncio.get_running_loop().time() - began
        status = reply if isinstance(reply, str) else "OK"
        self._told.statuses[status] += 1
        deadline = min(self.deadline_seconds, self._service.unary_seconds_max)
        if took > deadline + LATE_BY_SECONDS:
            self._told.late.append(f"{method}: {status} after {took:.1f} s with a deadline of {deadline:g} s")
        return reply

    async def ask(self, method: str, request: Any, *, expected: str = "OK", events: int = 1) -> Any:
        """Again and again, until it is known: the reply (None where the answer was no)."""
        while True:
            reply = await self.attempt(method, request)
            status = reply if isinstance(reply, str) else "OK"
            if status not in ASK_AGAIN:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        if status != expected:
            self._told.false_answers.append(f"{method} {request.request_id}: {status} where {expected} was due")
            return None
        self._told.acknowledged[request.request_id] = events if status == "OK" else 0
        self._told.units["asked"] += 1
        return reply if status == "OK" else None

    async def question(self, method: str, request: Message) -> None:
        """One answer, or none: either is right, as long as its status is a promised one."""
        reply = await self.attempt(method, request)
        if isinstance(reply, str) and reply not in ASK_AGAIN:
            self._told.false_answers.append(f"{method}: {reply}")

    async def look(self, method: str, request: Any, at_least: int) -> None:
        """A question: no answer is older than what was acknowledged before it was asked."""
        reply = await self.attempt(method, request)
        if isinstance(reply, str):
            if reply not in ASK_AGAIN:
                self._told.false_answers.append(f"{method}: {reply}")
        elif int(reply.case.etag) < at_least:
            self._told.false_answers.append(f"{method}: shows version {reply.case.etag} where {at_least} was acknowledged")


async def prepare(service: OneService, told: Told) -> tuple[str, str]:
    """A client and a portfolio: their ids."""
    caller = Caller(service, told, "first")
    client = await caller.ask("RegisterClient", pb.RegisterClientRequest(request_id="client", external_ref="bank", name="A Bank"))
    wanted = pb.OpenPortfolioRequest(request_id="portfolio", client_id=client.client_id, external_ref="p", name="P", terms=_terms())
    portfolio = await caller.ask("OpenPortfolio", wanted)
    return client.client_id, portfolio.portfolio_id


async def a_case(caller: Caller, portfolio_id: str) -> pb.RegisterCaseResponse:
    """Registered and open."""
    wanted = pb.RegisterCaseRequest(request_id=caller.new_request(), portfolio_id=portfolio_id, external_ref=caller.name, product="card")
    wanted.parties.append(types.Party(person_id=str(new_id()), role=types.PARTY_ROLE_DEBTOR, liability=types.LIABILITY_FULL))
    wanted.debts.append(_debt())
    reply: pb.RegisterCaseResponse = await caller.ask("RegisterCase", wanted, events=4)
    return reply


async def case_worker(caller: Caller, portfolio_id: str, is_over: Callable[[], bool]) -> None:
    """Registers a case and records facts on it, each on the version that the last reply told; asks what must be refused, and looks."""
    registered = await a_case(caller, portfolio_id)
    version, turn = registered.receipt.version, 0
    while not is_over():
        request_id, etag = caller.new_request(), str(version)
        if turn % 4 == 3:
            reopen = pb.ReopenCaseRequest(request_id=request_id, case_id=registered.case_id, reason=types.REOPEN_REASON_CLOSED_IN_ERROR)
            await caller.ask("ReopenCase", reopen, expected="FAILED_PRECONDITION")
            await caller.look("GetCase", pb.GetCaseRequest(case_id=registered.case_id), version)
        elif turn % 4 == 2:
            client = pb.RegisterClientRequest(request_id=request_id, external_ref=request_id, name="Another Bank")
            await caller.ask("RegisterClient", client)
        else:
            fact = pb.RecordFactRequest(
                request_id=request_id,
                case_id=registered.case_id,
                key="note",
                value="v",
                source="agent",
                confidence=types.CONFIDENCE_STATED,
                etag=etag,
            )
            reply = await caller.ask("RecordFact", fact)
            version = reply.receipt.version if reply is not None else version
        turn += 1


async def reader(caller: Caller, portfolio_id: str, case_id: str, is_over: Callable[[], bool]) -> None:
    """Asks one question after the other: of live streams, of the log, of read models, and of what is sealed."""
    questions: list[tuple[str, Message]] = [
        ("GetCase", pb.GetCaseRequest(case_id=case_id)),
        ("GetTimeline", pb.GetTimelineRequest(case_id=case_id)),
        ("ListCases", pb.ListCasesRequest(portfolio_id=portfolio_id)),
        ("GetBalance", pb.GetBalanceRequest(case_id=case_id)),
        ("GetAgingReport", pb.GetAgingReportRequest(portfolio_id=portfolio_id, as_of=Date(year=2026, month=1, day=1))),
        ("GetPortfolio", pb.GetPortfolioRequest(portfolio_id=portfolio_id)),
        ("ExplainBucket", pb.ExplainBucketRequest(case_id=case_id)),
    ]
    while not is_over():
        for method, request in questions:
            await caller.question(method, request)
        await asyncio.sleep(PAUSE_SECONDS)


async def receive_batch(caller: Caller, portfolio_id: str, rows: int) -> str:
    """A file of cases, released: the timers open them, one unit for each step. Its batch's id."""
    declared = types.ControlTotals(count=rows, amount=common.Money(currency_code="EUR", minor_units=rows * 1000))
    wanted = pb.ReceiveBatchRequest(request_id=caller.new_request(), portfolio_id=portfolio_id, external_ref=caller.name, declared=declared)
    batch = await caller.ask("ReceiveBatch", wanted)
    for first in range(0, rows, BATCH_ROWS_MAX):
        lines = range(first + 1, min(first + BATCH_ROWS_MAX, rows) + 1)
        chunk = pb.RegisterCasesRequest(
            request_id=caller.new_request(), batch_id=batch.batch_id, rows=[_row(line, caller.name) for line in lines]
        )
        await _send_until_known(caller, chunk)
    await caller.ask("ReleaseBatch", pb.ReleaseBatchRequest(request_id=caller.new_request(), batch_id=batch.batch_id))
    return str(batch.batch_id)


async def _send_until_known(caller: Caller, chunk: pb.RegisterCasesRequest) -> None:
    service, told = caller._service, caller._told
    while True:
        try:
            call: Any = service.cases.RegisterCases(iter([chunk]), timeout=caller.deadline_seconds * 5, metadata=service.metadata)
            answers = [answer async for answer in call]
        except grpc.aio.AioRpcError as error:
            told.statuses[error.code().name] += 1
            if error.code().name not in ASK_AGAIN:
                told.false_answers.append(f"RegisterCases: {error.code().name}")
                return
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        told.statuses["OK"] += 1
        refused = [outcome for answer in answers for outcome in answer.outcomes if not outcome.case_id]
        told.false_answers.extend(f"RegisterCases: line {outcome.line} refused" for outcome in refused)
        return


# Written down --------------------------------------------------------------------------------------------------------


def _asked(number: int, method: str, request: Any, principal: str) -> Asked:
    return Asked(
        attempt=number,
        at=datetime.now(UTC),
        service="cases",
        method=f"acuerdo.cases.v1.Cases/{method}",
        tenant_id=TENANT,
        principal=principal,
        request_id=getattr(request, "request_id", ""),
        payload_sha256=payload_hash(request),
    )


def _refused(number: int, error: grpc.aio.AioRpcError) -> Came:
    status, info = error.code().name, ErrorInfo()
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin" and isinstance(value, bytes):
            for packed in Status.FromString(value).details:
                packed.Unpack(info)
    return Came(number, datetime.now(UTC), Outcome.INFO if status in UNKNOWN_OUTCOMES else Outcome.FAIL, status, info.reason)


def _answered(number: int, reply: Any) -> Came:
    at = datetime.now(UTC)
    receipt = getattr(reply, "receipt", None)
    told = hashlib.sha256(reply.SerializeToString(deterministic=True)).hexdigest()
    if receipt is None:
        return Came(number, at, Outcome.OK, reply_sha256=told)
    return Came(number, at, Outcome.OK, reply_sha256=told, position=receipt.position, seen={receipt.stream_id: receipt.version})


# Words ---------------------------------------------------------------------------------------------------------------


def _debt() -> types.Debt:
    amount = common.Money(currency_code="EUR", minor_units=1000)
    principal = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=amount)
    return types.Debt(external_ref="d", product="card", components=[principal])


def _row(line: int, name: str) -> pb.CaseRow:
    party = types.Party(person_id=str(new_id()), role=types.PARTY_ROLE_DEBTOR, liability=types.LIABILITY_FULL)
    day = Date(year=2026, month=1, day=1)
    return pb.CaseRow(line=line, external_ref=f"{name}-row-{line}", product="card", parties=[party], debts=[_debt()], value_date=day)


def _terms() -> types.PortfolioTerms:
    late = types.Bucket(name="1+")
    setattr(late, "from", 1)  # a word of Python's own
    buckets = [types.Bucket(name="current", to=0), late]
    return types.PortfolioTerms(
        zone="Europe/Madrid",
        calendar="ES",
        currency_code="EUR",
        bucket_set=types.BucketSet(version="cycles-1", unit=types.BUCKET_UNIT_CYCLES, buckets=buckets),
        balance_authority=types.AUTHORITY_CREDITOR,
        delinquency_authority=types.AUTHORITY_CREDITOR,
        jurisdiction="ES",
    )


LATE_BY_SECONDS = 2.0
"""A call may outlive its deadline by so much on a busy machine; more is a broken promise."""
