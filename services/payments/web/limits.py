"""Limits of the HTTP door: how often one address may ask, and how much it may send."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request

ADDRESSES_KNOWN_MAX = 10_000
FORM_BYTES_MAX = 4 * 1024
WEBHOOK_BYTES_MAX = 64 * 1024

Seconds = Callable[[], float]
"""Port: seconds that only go forward."""


class BodyIsTooLarge(Exception):
    """More was sent than the door takes."""


class Rates:
    """So many requests a minute for each address, as a bucket that fills evenly. Who has been away longest is forgotten first."""

    def __init__(self, per_minute: int, now: Seconds) -> None:
        self._per_minute, self._now = per_minute, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Whether one more request of this address is answered."""
        now = self._now()
        left, seen_at = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - seen_at) * self._per_minute / 60)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > ADDRESSES_KNOWN_MAX:
            self._buckets.popitem(last=False)
        return left >= 1


def address_of(request: Request, forwarded_header: str) -> str:
    """Who asks: the peer, or whom a trusted proxy names (the last it added: what came before is the caller's own word)."""
    if forwarded_header:
        return request.headers.get(forwarded_header, "").rpartition(",")[2].strip()[:64]
    return request.client.host if request.client else ""


async def body_of(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises BodyIsTooLarge before more than `bytes_max` are kept."""
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > bytes_max:
        raise BodyIsTooLarge
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise BodyIsTooLarge
    return body
