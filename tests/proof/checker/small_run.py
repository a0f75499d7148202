"""A small run to be judged: two tenants who ask for everything that leaves another kind of trace, and a history of what they were told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.date_pb2 import Date

from dev.play import CURRENCY, terms
from proof.history import Asked, Came, History, Outcome
from proof.rig import Rig

SAMPLE = Path(__file__).resolve().parents[3] / "data"
TENANTS = ("north", "south")
CANARY = "Kanarienvogel-Sancho-4471"
SUBJECT = "tester"
ROWS = 4
CASES, STRATEGY = "acuerdo.cases.v1.Cases/", "acuerdo.strategy.v1.Strategy/"


def tenant_canary(tenant: str) -> str:
    """A reference that only this tenant's events hold."""
    return f"only-{tenant}-{tenant[::-1]}"


@dataclass
class Teller:
    """One tenant's caller: asks, and writes the history."""

    rig: Rig
    tenant: str
    history: History
    numbers: Any
    seen: dict[str, int] = field(default_factory=dict)
    """What it knows to be stored."""

    def __post_init__(self) -> None:
        self.principal = f"{self.rig.issuer.issuer}#{SUBJECT}"
        self.metadata = (("authorization", f"Bearer {self.rig.token(self.tenant, subject=SUBJECT)}"),)
        channels = {name: grpc.aio.insecure_channel(address) for name, address in self.rig.endpoints.items()}
        self.channels = list(channels.values())
        self.stubs: dict[str, Any] = {"cases": CasesStub(channels["cases"]), "strategy": StrategyStub(channels["strategy"])}

    async def ask(self, service: str, method: str, request: Message, at_least: Mapping[str, int] | None = None) -> Any:
        """One attempt at a unary method or one chunk of a stream: the reply, or None where it was refused."""
        attempt = next(self.numbers)
        prefix = CASES if service == "cases" else STRATEGY
        request_id = getattr(request, "request_id", "")
        now = datetime.now(UTC)
        self.history.write(
            Asked(attempt, now, service, prefix + method, self.tenant, self.principal, request_id, _payload(request), at_least or {})
        )
        call = getattr(self.stubs[service], method)
        try:
            if method in ("RegisterCases", "ReportArrears"):
                reply = await anext(aiter(call(iter([request]), metadata=self.metadata)))
            else:
                reply = await call(request, metadata=self.metadata)
        except grpc.aio.AioRpcError as error:
            self.history.write(_refused(attempt, error))
            return None
        seen = _seen(reply)
        position = reply.receipt.position if "receipt" in reply.DESCRIPTOR.fields_by_name else getattr(reply, "position", 0)
        self.history.write(
            Came(attempt, datetime.now(UTC), Outcome.OK, reply_sha256=_sha256(_without_repeats(reply)), position=position, seen=seen)
        )
        if request_id:
            self.seen |= {stream: max(version, self.seen.get(stream, 0)) for stream, version in seen.items()}
        return reply

    async def close(self) -> None:
        for channel in self.channels:
            await channel.close()


@dataclass(frozen=True)
class Ran:
    rig: Rig
    history: Path
    cases: dict[str, list[str]]
    """Case ids by tenant."""


async def run(rig: Rig, home: Path) -> Ran:
    history, numbers = History(home / "history.jsonl"), count(1)
    tellers = [Teller(rig, tenant, history, numbers) for tenant in TENANTS]
    found = dict(zip(TENANTS, await asyncio.gather(*map(_live, tellers)), strict=True))
    for teller in tellers:
        await teller.close()
    history.close()
    return Ran(rig, home / "history.jsonl", found)


async def _live(teller: Teller) -> list[str]:
    portfolio_id = await _open_portfolio(teller)
    case_ids = await _receive_batch(teller, portfolio_id)
    await _opened(teller, case_ids)
    await _report(teller, portfolio_id)
    await _work(teller, case_ids)
    return case_ids


async def _open_portfolio(teller: Teller) -> str:
    client = await teller.ask(
        "cases",
        "RegisterClient",
        cases.RegisterClientRequest(request_id="client", external_ref="CLIENT", name="Bank"),
    )
    portfolio = await teller.ask(
        "cases",
        "OpenPortfolio",
        cases.OpenPortfolioRequest(
            request_id="portfolio", client_id=client.client_id, external_ref=tenant_canary(teller.tenant), name="Cards", terms=terms()
        ),
    )
    table = (SAMPLE / "segments.json").read_bytes()
    published = await teller.ask(
        "strategy", "PublishSegmentTable", strategy.PublishSegmentTableRequest(request_id="table", name="Cards", table=table)
    )
    await teller.ask(
        "strategy",
        "ActivateSegmentTable",
        strategy.ActivateSegmentTableRequest(request_id="activate", version=published.version),
    )
    return str(portfolio.portfolio_id)


async def _receive_batch(teller: Teller, portfolio_id: str) -> list[str]:
    rows = [_row(number) for number in range(1, ROWS + 1)]
    declared = words.ControlTotals(count=ROWS, amount=Money(currency_code=CURRENCY, minor_units=10_000 * ROWS))
    batch = await teller.ask(
        "cases",
        "ReceiveBatch",
        cases.ReceiveBatchRequest(request_id="batch", portfolio_id=portfolio_id, external_ref="REMESA", declared=declared),
    )
    chunk = cases.RegisterCasesRequest(request_id="rows/1", batch_id=batch.batch_id, rows=rows)
    answer = await teller.ask("cases", "RegisterCases", chunk)
    await teller.ask("cases", "RegisterCases", chunk)
    release = cases.ReleaseBatchRequest(request_id="release", batch_id=batch.batch_id)
    await teller.ask("cases", "ReleaseBatch", release)
    return [outcome.case_id for outcome in answer.outcomes]


async def _opened(teller: Teller, case_ids: Sequence[str]) -> None:
    """A timer opens them."""
    while True:
        found = [await teller.ask("cases", "GetCase", cases.GetCaseRequest(case_id=case_id)) for case_id in case_ids]
        if all(each.case.lifecycle == words.LIFECYCLE_OPEN for each in found):
            return
        await asyncio.sleep(0.05)


async def _report(teller: Teller, portfolio_id: str) -> None:
    today = datetime.now(UTC).date() - timedelta(days=2)
    rows = [
        cases.ArrearsRow(
            line=number, external_ref=f"CASE-{number}", cycles_past_due=number, balance=Money(currency_code=CURRENCY, minor_units=9_000)
        )
        for number in range(1, ROWS + 1)
    ]
    chunk = cases.ReportArrearsRequest(request_id="month/1", portfolio_id=portfolio_id, as_of=_day(today), source_ref="file", rows=rows)
    await teller.ask("cases", "ReportArrears", chunk)


async def _work(teller: Teller, case_ids: Sequence[str]) -> None:
    """Personal data, readings, repeats, refusals, a payload under another's name, a case closed, and questions after each."""
    first, second, third = case_ids[:3]
    fact = cases.RecordFactRequest(
        request_id="fact",
        case_id=first,
        key="employment",
        value=f"{CANARY} lost her work",
        source="debtor",
        confidence=words.CONFIDENCE_STATED,
    )
    for _ in range(2):
        await teller.ask("cases", "RecordFact", fact)
    fact.value = "something else"
    await teller.ask("cases", "RecordFact", fact)
    await teller.ask("cases", "ListFacts", cases.ListFactsRequest(request_id="reading", case_id=first, purpose="CALL_PREPARATION"))
    paid = cases.CloseCaseRequest(request_id="paid", case_id=second, outcome=words.CLOSE_OUTCOME_PAID_IN_FULL, evidence_refs=["letter"])
    for _ in range(2):
        await teller.ask("cases", "CloseCase", paid)
    recalled = cases.CloseCaseRequest(
        request_id="recalled", case_id=third, outcome=words.CLOSE_OUTCOME_RECALLED_BY_CLIENT, evidence_refs=["letter"]
    )
    await teller.ask("cases", "CloseCase", recalled)
    await teller.ask("cases", "CloseCase", cases.CloseCaseRequest(**{**_fields(recalled), "request_id": "nobody", "case_id": str(uuid4())}))
    for case_id in case_ids:
        await teller.ask("cases", "GetCase", cases.GetCaseRequest(case_id=case_id), {case_id: teller.seen[case_id]})


def _fields(message: Any) -> dict[str, Any]:
    return {descriptor.name: value for descriptor, value in message.ListFields()}


def _row(number: int) -> cases.CaseRow:
    debt = words.Debt(
        external_ref="card",
        product="credit_card",
        components=[words.ComponentAmount(component=words.COMPONENT_PRINCIPAL, amount=Money(currency_code=CURRENCY, minor_units=10_000))],
    )
    debtor = words.Party(person_id=str(uuid4()), role=words.PARTY_ROLE_DEBTOR, liability=words.LIABILITY_FULL)
    return cases.CaseRow(line=number, external_ref=f"CASE-{number}", product="credit_card", parties=[debtor], debts=[debt])


# What the history says of it -------------------------------------------------------------------------------------------------


def _payload(request: Any) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    for name in ("request_id", "etag"):
        if name in bare.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    return _sha256(bare)


def _sha256(message: Message) -> str:
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()


def _without_repeats(reply: Any) -> Message:
    bare: Message = type(reply)()
    bare.CopyFrom(reply)
    for outcome in getattr(bare, "outcomes", ()):
        outcome.ClearField("is_repeated")
    return bare


def _seen(reply: Any) -> dict[str, int]:
    if isinstance(reply, cases.GetCaseResponse):
        return {reply.case.case_id: int(reply.case.etag)}
    if "receipt" in reply.DESCRIPTOR.fields_by_name:
        return {reply.receipt.stream_id: reply.receipt.version}
    return {outcome.case_id: outcome.version for outcome in getattr(reply, "outcomes", ()) if outcome.case_id}


def _refused(attempt: int, error: grpc.aio.AioRpcError) -> Came:
    info, status = ErrorInfo(), Status()
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            status.ParseFromString(bytes(value))
            status.details[0].Unpack(info)
    code, text = error.code().name, f"{error.details()} {status}"
    return Came(attempt, datetime.now(UTC), Outcome.FAIL, status=code, reason=info.reason, text=text)


def _day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
