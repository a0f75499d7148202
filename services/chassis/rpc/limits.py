"""Limits: how many calls at once, how large a request, how long a call. What is beyond is refused at once, never queued."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any

from google.protobuf.message import Message

from services.chassis.rpc.call import Call

RETRY_AFTER_SECONDS = 1.0


class ServerIsBusy(Exception):
    """As many calls are in hand as this process takes."""

    retry_after_seconds = RETRY_AFTER_SECONDS


class RequestIsTooLarge(Exception):
    """A request is larger than its kind of method takes."""

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"{size} bytes, at most {limit}")


class Limits:
    """`with limits:` counts a call while it is in hand; ServerIsBusy where there are too many."""

    def __init__(self, rpcs_max: int, unary_bytes_max: int, unary_seconds_max: float, stream_seconds_max: float) -> None:
        self._rpcs_max, self._unary_bytes_max = rpcs_max, unary_bytes_max
        self._unary_seconds_max, self._stream_seconds_max = unary_seconds_max, stream_seconds_max
        self._in_hand = 0

    def __enter__(self) -> None:
        if self._in_hand >= self._rpcs_max:
            raise ServerIsBusy
        self._in_hand += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._in_hand -= 1

    def deadline(self, call: Call) -> asyncio.Timeout:
        """Our own; a caller's shorter one is kept by grpc, which cancels the call. Streams: see `each`."""
        return asyncio.timeout(None if call.is_stream else self._unary_seconds_max)

    async def each(self, responses: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """The deadline of a stream ends the making of responses only: cancelled while sending, grpc leaves the client without a status.

        A client that does not read is ended with its connection (connection age and grace).
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._stream_seconds_max
        while True:
            if loop.time() > deadline:
                raise TimeoutError
            try:
                async with asyncio.timeout_at(deadline):
                    response = await anext(responses)
            except StopAsyncIteration:
                return
            yield response

    def check(self, call: Call, request: Message) -> None:
        """The one request of a call that is no stream. RequestIsTooLarge."""
        if not call.is_stream and (size := request.ByteSize()) > self._unary_bytes_max:
            raise RequestIsTooLarge(size, self._unary_bytes_max)
