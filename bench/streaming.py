"""Rows in chunks: the client program's other way of asking. All chunks are made before the first is sent."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.types_pb2 import Money

from bench.calls import CHUNK_ROWS, CURRENCY, SERVICE
from bench.made import Made, keep_history
from bench.portfolio import debt, party
from bench.report import percentiles_ms

if TYPE_CHECKING:
    from bench.calling import Job


class RowRefused(Exception):
    """A row of ours was not taken: the run says nothing."""


async def send_rows(job: Job, channel: grpc.aio.Channel) -> dict[str, Any]:
    """`job.callers` streams, each with `job.count` chunks of a batch of its own."""
    metadata = (("authorization", f"Bearer {job.token}"),)
    stub: Any = CasesStub(channel)
    portfolio_id = job.targets[0].portfolio_id
    streams = [[_chunk(f"{job.key}-{stream}", number) for number in range(job.count)] for stream in range(job.callers)]
    receipts: dict[str, int | None] = {}
    for stream, chunks in enumerate(streams):
        count = CHUNK_ROWS * len(chunks)
        declared = types.ControlTotals(count=count, amount=Money(currency_code=CURRENCY, minor_units=count * 100_000))
        key = f"{job.key}-{stream}"
        wanted = pb.ReceiveBatchRequest(request_id=key, portfolio_id=portfolio_id, external_ref=key, declared=declared)
        received = await stub.ReceiveBatch(wanted, metadata=metadata)
        receipts[key] = received.receipt.position
        for chunk in chunks:
            chunk.batch_id = received.batch_id
    began = time.perf_counter()
    answered = await asyncio.gather(*(_send(stub, chunks, metadata) for chunks in streams))
    seconds = time.perf_counter() - began
    made = list(itertools.chain.from_iterable(answered))
    await _look_at_batches(stub, streams, metadata)
    if job.history:
        keep_history(job.history, job.token, f"{SERVICE}RegisterCases"[1:], made)
    p50, p99 = percentiles_ms([one.took for one in made])
    parts = {f"{one.request_id}/{part}": None for one in made for part in ("rows", *(row.line for row in one.request.rows))}
    return {
        "count": sum(len(one.request.rows) for one in made),
        "seconds": seconds,
        "p50_ms": p50,
        "p99_ms": p99,
        "request_bytes": made[0].request.ByteSize(),
        "answer_bytes": made[0].answer.ByteSize(),
        "acknowledged": {**receipts, **parts},
    }


async def _send(stub: Any, chunks: list[pb.RegisterCasesRequest], metadata: Any) -> list[Made]:
    asked: dict[str, tuple[float, float, pb.RegisterCasesRequest]] = {}

    async def sent() -> AsyncIterator[pb.RegisterCasesRequest]:
        for chunk in chunks:
            asked[chunk.request_id] = (time.time(), time.perf_counter(), chunk)
            yield chunk

    made = []
    async for answer in stub.RegisterCases(sent(), metadata=metadata):
        at, began, chunk = asked.pop(answer.request_id)
        refused = [outcome for outcome in answer.outcomes if not outcome.case_id or outcome.is_repeated]
        if refused or len(answer.outcomes) != len(chunk.rows):
            raise RowRefused(f"{answer.request_id}: {refused[:1]} of {len(answer.outcomes)} outcomes")
        made.append(Made(answer.request_id, at, time.perf_counter() - began, chunk, answer))
    if asked:
        raise RowRefused(f"{len(asked)} chunks were not answered")
    return made


async def _look_at_batches(stub: Any, streams: list[list[pb.RegisterCasesRequest]], metadata: Any) -> None:
    """Each batch has counted every row."""
    for chunks in streams:
        found = await stub.GetBatch(pb.GetBatchRequest(batch_id=chunks[0].batch_id), metadata=metadata)
        if found.batch.found != found.batch.declared or found.batch.accepted != found.batch.declared.count:
            raise RowRefused(f"the batch has found {found.batch.found} and accepted {found.batch.accepted}")


def _chunk(key: str, number: int) -> pb.RegisterCasesRequest:
    lines = range(number * CHUNK_ROWS + 1, (number + 1) * CHUNK_ROWS + 1)
    rows = [pb.CaseRow(line=n, external_ref=f"{key}-{n}", product="credit_card", parties=[party()], debts=[debt(f"{n}")]) for n in lines]
    return pb.RegisterCasesRequest(request_id=f"{key}-{number}", rows=rows)
