"""One caller: asks over gRPC by the documented rule (docs/guide-api.md), and writes each attempt down before it is made and after its end.

UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED are asked again with the same request_id, RESOURCE_EXHAUSTED too; nothing else is.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import grpc
import grpc.aio
from acuerdo.contacts.v1.people_pb2 import FindPersonsResponse
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from proof.history import UNKNOWN_OUTCOMES, Asked, Came, History, Outcome

AGAIN = UNKNOWN_OUTCOMES | {"RESOURCE_EXHAUSTED"}
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.05, 2.0
ATTEMPT_SECONDS_MAX = 5.0
IMPATIENT_SECONDS = (0.001, 0.05)
"""How soon an impatient caller gives an attempt up: it asks again."""
OWN_LIBRARY = "Internal error from Core"
"""What grpc.aio says, as INTERNAL, of a call whose connection went while it began: no server has said it, and the outcome is unknown."""
OPTIONS = [
    # A peer that is frozen is noticed, and one that is back again is found soon.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
]


@dataclass(frozen=True, slots=True)
class Told:
    """What asking came to in the end. `reply` is None unless it is OK."""

    status: str
    reason: str
    reply: Any
    attempts: int

    @property
    def is_ok(self) -> bool:
        return self.reply is not None


@dataclass(slots=True)
class Tally:
    """What callers got, all together."""

    asked: int = 0
    """Requests, however often each was tried."""
    ok: int = 0
    failed: int = 0
    unknown: int = 0
    """Given up after the last attempt came to nothing definite."""
    retried: int = 0
    """Attempts after the first of a request."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of all attempts."""
    reasons: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    """Of those OK: that changed something or found it changed already."""
    seconds: list[float] = field(default_factory=list)
    """Of each attempt that was OK."""


class Tokens:
    """Of one caller: tenant, name, and the bearer."""

    def __init__(self, tenant: str, principal: str, token: str) -> None:
        self.tenant, self.principal = tenant, principal
        self.metadata = (("authorization", f"Bearer {token}"),)


class Caller:
    """Asks one service after another; of a service's several addresses the next one when one does not answer."""

    def __init__(
        self,
        who: Tokens,
        addresses: Mapping[str, Sequence[str]],
        history: History,
        tally: Tally,
        rng: random.Random,
        numbers: count[int],
        *,
        patience_seconds: float,
        impatient_share: float = 0.0,
    ) -> None:
        """`patience_seconds`: for a request and all its attempts. `impatient_share`: of the attempts, given up or cancelled at once."""
        self.who = who
        self._channels = {
            service: [grpc.aio.insecure_channel(address, options=OPTIONS) for address in there] for service, there in addresses.items()
        }
        self._history, self._tally, self._rng, self._numbers = history, tally, rng, numbers
        self._patience_seconds, self._impatient_share = patience_seconds, impatient_share
        self._turn = rng.randrange(1_000)

    async def close(self) -> None:
        for channels in self._channels.values():
            for channel in channels:
                await channel.close()

    async def ask(
        self,
        method: str,
        request: Message,
        kind: type[Message],
        seen: Callable[[Any], Mapping[str, int]],
        *,
        at_least: Mapping[str, int] | None = None,
        is_chunk: bool = False,
    ) -> Told:
        """Until it is definite, or patience has ended. `method`: its full name; `seen`: the streams a reply speaks of."""
        give_up_at = time.monotonic() + self._patience_seconds
        pause, tries = PAUSE_SECONDS_MIN, 0
        self._tally.asked += 1
        while True:
            tries += 1
            came, reply = await self._attempt(method, request, kind, seen, at_least or {}, is_chunk)
            if came.status not in AGAIN or time.monotonic() > give_up_at:
                self._count(came, tries, bool(getattr(request, "request_id", "")))
                return Told(came.status, came.reason, reply, tries)
            self._turn += 1
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.5))
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    async def _attempt(
        self,
        method: str,
        request: Message,
        kind: type[Message],
        seen: Callable[[Any], Mapping[str, int]],
        at_least: Mapping[str, int],
        is_chunk: bool,
    ) -> tuple[Came, Any]:
        number = next(self._numbers)
        service = method.split(".")[1]
        self._history.write(
            Asked(
                attempt=number,
                at=_now(),
                service=service,
                method=method,
                tenant_id=self.who.tenant,
                principal=self.who.principal,
                request_id=getattr(request, "request_id", ""),
                payload_sha256=payload_hash(request),
                at_least=at_least,
            )
        )
        channels = self._channels[service]
        began = time.monotonic()
        try:
            reply = await self._once(channels[self._turn % len(channels)], method, request, kind, is_chunk)
        except grpc.aio.AioRpcError as error:
            came, reply = _refused(number, error), None
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise  # not the call alone: its outcome stays unwritten, which means unknown
            came, reply = Came(number, _now(), Outcome.INFO, "CANCELLED", "BY_ITS_CALLER"), None
        else:
            self._tally.seconds.append(time.monotonic() - began)
            came = _answered(number, reply, seen(reply))
        self._history.write(came)
        self._tally.statuses[came.status] += 1
        if came.reason:
            self._tally.reasons[came.reason] += 1
        return came, reply

    async def _once(self, channel: grpc.aio.Channel, method: str, request: Message, kind: type[Message], is_chunk: bool) -> Any:
        seconds, cancel_after = ATTEMPT_SECONDS_MAX, 0.0
        if self._impatient_share and self._rng.random() < self._impatient_share:
            soon = self._rng.uniform(*IMPATIENT_SECONDS)
            seconds, cancel_after = (soon, 0.0) if self._rng.random() < 0.5 else (seconds, soon)
        open_call = channel.stream_stream if is_chunk else channel.unary_unary
        call: Any = open_call(f"/{method}", request_serializer=type(request).SerializeToString, response_deserializer=kind.FromString)
        sent: Any = _one(request) if is_chunk else request
        call = call(sent, timeout=seconds, metadata=self.who.metadata)
        if cancel_after:
            asyncio.get_running_loop().call_later(cancel_after, call.cancel)
        if not is_chunk:
            return await call
        reply = await call.read()
        if reply is grpc.aio.EOF:
            code, details = await call.code(), await call.details()
            raise grpc.aio.AioRpcError(code, await call.initial_metadata(), await call.trailing_metadata(), details)
        call.cancel() if self._rng.random() < 0.05 else await call.read()  # some hang up after their answer
        return reply

    def _count(self, came: Came, tries: int, is_change: bool) -> None:
        self._tally.retried += tries - 1
        if came.outcome is Outcome.OK:
            self._tally.ok += 1
            self._tally.changes += is_change
        elif came.outcome is Outcome.FAIL:
            self._tally.failed += 1
        else:
            self._tally.unknown += 1


async def _one(chunk: Message) -> AsyncIterator[Message]:
    yield chunk


def payload_hash(request: Message) -> str:
    """As proof.history says: what is asked for, whatever it is called and whatever its caller has seen."""
    bare = type(request)()
    bare.CopyFrom(request)
    for name in ("request_id", "etag"):
        if name in bare.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).hexdigest()


def _answered(number: int, reply: Any, seen: Mapping[str, int]) -> Came:
    position = reply.receipt.position if hasattr(reply, "receipt") else getattr(reply, "position", 0)
    if "request_id" not in reply.DESCRIPTOR.fields_by_name and not hasattr(reply, "receipt"):
        position = 0  # of an answer to a question: how far it knows the log
    bare = type(reply)()
    bare.CopyFrom(reply)
    for said in (bare, *getattr(bare, "outcomes", ())):
        for name in ("is_repeated", "is_known"):  # they say that it was there before: true of an answer given again
            if name in said.DESCRIPTOR.fields_by_name:
                said.ClearField(name)
    if isinstance(bare, FindPersonsResponse):
        bare.ClearField("position")  # how far it knows the log
    told = hashlib.sha256(bare.SerializeToString(deterministic=True)).hexdigest()
    is_empty = isinstance(reply, FindPersonsResponse) and not reply.persons
    stores_nothing = is_empty or (getattr(reply, "is_repeated", False) and not position)
    return Came(number, _now(), Outcome.OK, "OK", reply_sha256=told, position=position, seen=dict(seen), stores_nothing=stores_nothing)


def _refused(number: int, error: grpc.aio.AioRpcError) -> Came:
    status = error.code().name
    if status == "INTERNAL" and error.details() == OWN_LIBRARY:
        return Came(number, _now(), Outcome.INFO, "UNAVAILABLE", "BY_ITS_OWN_LIBRARY")
    outcome = Outcome.INFO if status in UNKNOWN_OUTCOMES else Outcome.FAIL
    reason, texts = "", [error.details() or ""]
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            reason, said = _details(value if isinstance(value, bytes) else value.encode())
            texts += said
    return Came(number, _now(), outcome, status, reason, text=" ".join(texts))


def _details(status: bytes) -> tuple[str, list[str]]:
    """The reason, and all that a person could read of it."""
    reason, texts = "", []
    for packed in Status.FromString(status).details:
        if packed.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo()
            packed.Unpack(info)
            reason = info.reason
            texts += [info.reason, *(f"{name}={value}" for name, value in info.metadata.items())]
        elif packed.Is(BadRequest.DESCRIPTOR):
            bad = BadRequest()
            packed.Unpack(bad)
            texts += [f"{broken.field}: {broken.description}" for broken in bad.field_violations]
    return reason, texts


def _now() -> datetime:
    return datetime.now(UTC)
