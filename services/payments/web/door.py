"""The door: one small HTTP server in the runtime, with limits and security headers around every answer. Addresses are never logged: they
hold tokens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from time import monotonic

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.chassis.runtime import SettingsAreWrong, StartRefused
from services.payments.adapters.provider import Provider
from services.payments.web.limits import BodyIsTooLarge, Rates, address_of
from services.payments.web.pages import STYLE_HASH
from services.payments.web.paying import Paying
from services.payments.web.settings import DoorSettings
from services.payments.web.webhooks import Webhooks

REQUESTS_AT_ONCE_MAX = 256
KEEP_ALIVE_SECONDS = 5
DRAIN_SECONDS = 5
ANSWER_SECONDS_MAX = 20.0
"""Of one request with its body: whoever sends a byte now and then is not waited for."""
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
    "strict-transport-security": "max-age=31536000",
    "cross-origin-opener-policy": "same-origin",
    # No form-action: the way to the checkout is a redirect of our own form, and browsers judge its target by it, too.
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'",
}
"""On every answer, errors too."""

_log = structlog.get_logger("web")


class Door:
    """Serves the payment pages and the webhooks. A Part. Raises StartRefused where the address is taken."""

    name = "web"

    def __init__(self, settings: DoorSettings, provider: Provider, paying: Paying, webhooks: Webhooks) -> None:
        if settings.web_listen is None:
            raise SettingsAreWrong("web_listen is missing")
        self._settings, self._listen, self._provider = settings, settings.web_listen, provider
        self._rates = Rates(settings.web_requests_per_minute, monotonic)
        self._server = _Server(
            uvicorn.Config(
                self._application(paying, webhooks),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                limit_concurrency=REQUESTS_AT_ONCE_MAX,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                h11_max_incomplete_event_size=16 * 1024,
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self.port = 0
        """The port it listens on, once started."""

    def _application(self, paying: Paying, webhooks: Webhooks) -> Starlette:
        return Starlette(
            routes=[
                Route("/pay/{token}", paying.show, methods=["GET"]),
                Route("/pay/{token}", paying.pay, methods=["POST"]),
                Route("/paid", paying.returned, methods=["GET"]),
                Route("/webhooks/{provider}", webhooks.take, methods=["POST"]),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self._around)],
            exception_handlers={BodyIsTooLarge: _too_large, ValueError: _malformed},
        )

    async def _around(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Limits before, headers after; what fails here is told without what was asked."""
        is_page = not request.url.path.startswith("/webhooks/")
        if is_page and not self._rates.take(address_of(request, self._settings.web_forwarded_header)):
            _log.info("request_refused", reason="TOO_MANY_REQUESTS")
            response: Response = PlainTextResponse("too many requests", status_code=429, headers={"retry-after": "60"})
        else:
            try:
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    response = await answer(request)
            except TimeoutError:
                _log.warning("request_refused", reason="TOOK_TOO_LONG")
                response = PlainTextResponse("took too long", status_code=503)
            except Exception as failed:  # noqa: BLE001  # the last resort of a request: nothing of it leaves
                _log.error("request_failed", exc_info=failed)
                response = PlainTextResponse("something failed here", status_code=500)
        response.headers.update(HEADERS)
        return response

    async def start(self) -> None:
        host, _, port = self._listen.rpartition(":")
        try:
            bound = socket.create_server((host.strip("[]") or "0.0.0.0", int(port)), backlog=512)
        except OSError:
            raise StartRefused(f"the web address {self._listen} cannot be taken") from None
        self.port = bound.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[bound]), name=self.name)
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait({up, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        _log.info("listening", address=f"{host}:{self.port}")

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await asyncio.wait({self._serving})
        await self._provider.close()

    async def wait(self) -> None:
        if self._serving is not None:
            await self._serving


class _Server(uvicorn.Server):
    """Signals are the runtime's; and it says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # it is used as a context, and nothing else
        return nullcontext()


async def _too_large(_: Request, __: Exception) -> Response:
    _log.info("request_refused", reason="BODY_IS_TOO_LARGE")
    return PlainTextResponse("too large", status_code=413)


async def _malformed(_: Request, __: Exception) -> Response:
    _log.info("request_refused", reason="REQUEST_IS_MALFORMED")
    return PlainTextResponse("malformed", status_code=400)
