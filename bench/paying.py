"""Payments in chunks: the client program's way of telling a source's money. All chunks are made before the first is sent."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc.aio
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsStub
from google.type.date_pb2 import Date

from bench.calls import CURRENCY
from bench.made import Made, keep_history
from bench.report import percentiles_ms
from bench.streaming import RowRefused

if TYPE_CHECKING:
    from bench.calling import Job

CHUNK_PAYMENTS = 256
METHOD = "acuerdo.payments.v1.Payments/RecordPayments"
VALUE_DATE = Date(year=2026, month=2, day=1)


async def send_payments(job: Job, channel: grpc.aio.Channel) -> dict[str, Any]:
    """`job.callers` streams, each with `job.count` chunks; the payments go round the cases in turn. The targets name case and source."""
    metadata = (("authorization", f"Bearer {job.token}"),)
    stub: Any = PaymentsStub(channel)
    cases = itertools.cycle(job.targets)
    streams = [[_chunk(f"{job.key}-{stream}", number, cases) for number in range(job.count)] for stream in range(job.callers)]
    began = time.perf_counter()
    answered = await asyncio.gather(*(_send(stub, chunks, metadata) for chunks in streams))
    seconds = time.perf_counter() - began
    made = list(itertools.chain.from_iterable(answered))
    if job.history:
        keep_history(job.history, job.token, METHOD, made)
    p50, p99 = percentiles_ms([one.took for one in made])
    return {
        "count": sum(len(one.request.rows) for one in made),
        "seconds": seconds,
        "p50_ms": p50,
        "p99_ms": p99,
        "request_bytes": made[0].request.ByteSize(),
        "answer_bytes": made[0].answer.ByteSize(),
        "acknowledged": {f"{one.request_id}/rows": one.answer.position for one in made},
    }


async def _send(stub: Any, chunks: list[pb.RecordPaymentsRequest], metadata: Any) -> list[Made]:
    asked: dict[str, tuple[float, float, pb.RecordPaymentsRequest]] = {}

    async def sent() -> AsyncIterator[pb.RecordPaymentsRequest]:
        for chunk in chunks:
            asked[chunk.request_id] = (time.time(), time.perf_counter(), chunk)
            yield chunk

    made = []
    async for answer in stub.RecordPayments(sent(), metadata=metadata):
        at, began, chunk = asked.pop(answer.request_id)
        refused = [outcome for outcome in answer.outcomes if not outcome.payment_id or outcome.is_repeated]
        if refused or len(answer.outcomes) != len(chunk.rows):
            raise RowRefused(f"{answer.request_id}: {refused[:1]} of {len(answer.outcomes)} outcomes")
        made.append(Made(answer.request_id, at, time.perf_counter() - began, chunk, answer))
    if asked:
        raise RowRefused(f"{len(asked)} chunks were not answered")
    return made


def _chunk(key: str, number: int, cases: Any) -> pb.RecordPaymentsRequest:
    lines = range(number * CHUNK_PAYMENTS + 1, (number + 1) * CHUNK_PAYMENTS + 1)
    targets = [next(cases) for _ in lines]
    rows = [
        pb.PaymentRow(
            line=line,
            provider_ref=f"{key}-{line}",
            amount=Money(currency_code=CURRENCY, minor_units=1_000 + line % 500),
            value_date=VALUE_DATE,
            case_id=target.case_id,
        )
        for line, target in zip(lines, targets, strict=True)
    ]
    return pb.RecordPaymentsRequest(request_id=f"{key}-{number}", source_id=targets[0].portfolio_id, rows=rows)
