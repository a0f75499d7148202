"""The client program: one process that asks whatever server it is pointed at, with the same messages in the same way.

`python -m bench.calling` reads jobs, one line of JSON each, and writes a line with what came of each. `Calling` is its other end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from bench.calls import CALLS, SERVICE, Target, targets_of
from bench.made import Made, keep_history
from bench.paying import send_payments
from bench.report import Measured, percentiles_ms
from bench.streaming import RowRefused, send_rows

WARM_SECONDS_MAX = 0.3
CALL_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """`call` is one of CALLS, or "rows" or "payments": `count` chunks on each of `callers` streams.

    Closed loop: each of `callers` asks again when it has its answer, for `seconds`, or until `count` calls are made.

    Open loop where `rate` is given: so many calls begin each second, whatever becomes of those before.
    """

    address: str
    token: str
    call: str
    key: str
    """Begins every request id; unique."""
    targets: Sequence[Target]
    callers: int = 1
    seconds: float = 0.0
    count: int = 0
    rate: float = 0.0
    history: str = ""
    """A file of proof.history to write, once all is over; empty: none."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a job."""

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float
    request_bytes: int
    answer_bytes: int
    acknowledged: dict[str, int | None] = field(default_factory=dict)
    """request_id -> position, of changes; calls of a warm-up included."""

    def measured(self, name: str, callers: int, number: int = 0) -> Measured:
        return Measured(name, callers, self.count / self.seconds, self.p50_ms, self.p99_ms, number)


class Calling:
    """The client program, started and stopped by whoever measures."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, "-m", "bench.calling"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def do(self, job: Job) -> Came:
        """Waits until it is done. RuntimeError where a call failed: a run with errors has no figures."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the client program ended with code {self._process.wait()} at {job.call} of {job.address}")
        said = json.loads(line)
        if "failed" in said:
            raise RuntimeError(f"{job.call} of {job.address}: {said['failed']}")
        return Came(**said)


class NothingWasAnswered(Exception):
    """Too short a run, or too slow a server, to say anything."""


class _Caller:
    """Does one job."""

    def __init__(self, job: Job, channel: grpc.aio.Channel) -> None:
        self._job, self._call = job, CALLS[job.call]
        serialise = self._call.make(job.targets[0], "", None).__class__.SerializeToString
        self._ask: Any = channel.unary_unary(
            f"{SERVICE}{self._call.method}", request_serializer=serialise, response_deserializer=self._call.answer.FromString
        )
        self._metadata = (("authorization", f"Bearer {job.token}"),)
        self._numbers = itertools.count()
        self.made: list[Made] = []

    async def do(self) -> Came:
        job = self._job
        if job.seconds and not job.rate:
            await self._closed(time.perf_counter() + min(WARM_SECONDS_MAX, job.seconds / 4), 0)
        warm, began = len(self.made), time.perf_counter()
        if job.rate:
            await self._open(began)
        else:
            await self._closed(began + job.seconds if job.seconds else float("inf"), job.count)
        seconds = time.perf_counter() - began
        measured = self.made[warm:]
        if not measured:
            raise NothingWasAnswered(f"no call came back in {seconds:.1f} s")
        p50, p99 = percentiles_ms([one.took for one in measured])
        request, answer = measured[0].request.ByteSize(), measured[0].answer.ByteSize()
        told = {one.request_id: one.answer.receipt.position for one in self.made} if self._call.is_change else {}
        if job.history:
            keep_history(job.history, job.token, f"{SERVICE}{self._call.method}"[1:], self.made)
        return Came(len(measured), seconds, p50, p99, request, answer, told)

    async def _closed(self, until: float, count: int) -> None:
        left = itertools.count() if not count else range(count)
        turns = iter(left)

        async def call(caller: int) -> None:
            mine = self._job.targets[caller :: self._job.callers] or self._job.targets
            last = None
            for target in itertools.cycle(mine):
                if time.perf_counter() >= until or next(turns, None) is None:
                    return
                last = await self._one(target, last)

        await asyncio.gather(*(call(caller) for caller in range(self._job.callers)))

    async def _open(self, began: float) -> None:
        targets, under_way = itertools.cycle(self._job.targets), []
        for number in range(self._job.count or round(self._job.rate * self._job.seconds)):
            await asyncio.sleep(max(0.0, began + number / self._job.rate - time.perf_counter()))
            under_way.append(asyncio.create_task(self._one(next(targets), None)))
        await asyncio.gather(*under_way)

    async def _one(self, target: Target, last: Any) -> Any:
        request_id = f"{self._job.key}-{next(self._numbers)}"
        request = self._call.make(target, request_id, last)
        at, began = time.time(), time.perf_counter()
        answer = await self._ask(request, metadata=self._metadata, timeout=CALL_SECONDS_MAX)
        self.made.append(Made(request_id, at, time.perf_counter() - began, request, answer))
        return answer


async def _do(job: Job) -> Came:
    async with grpc.aio.insecure_channel(job.address) as channel:
        await channel.channel_ready()
        if job.call == "rows":
            return Came(**await send_rows(job, channel))
        if job.call == "payments":
            return Came(**await send_payments(job, channel))
        return await _Caller(job, channel).do()


async def main() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        job = Job(**{**asked, "targets": targets_of(asked["targets"])})
        try:
            said: dict[str, Any] = asdict(await _do(job))
        except grpc.aio.AioRpcError as failed:
            said = {"failed": f"{failed.code().name}: {failed.details()}"}
        except (NothingWasAnswered, RowRefused) as failed:
            said = {"failed": str(failed)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
