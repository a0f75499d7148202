"""A payment provider for development: its checkout, its signed webhooks, its settlement report. Moves no money. Never in production.

    python -m dev.provider --listen 127.0.0.1:7190 --secret-file FILE --webhook http://127.0.0.1:7180/webhooks/sandbox

What becomes of a payment follows from the card chosen at the checkout (CARDS), the same each time. Its clock stands still at what it was
told last (an order's `at`, or POST /control/clock), so that it follows a development clock; with no word it is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dev.listening import ListeningProcess
from dev.ports import LOOPBACK, is_free
from dev.sandbox import CARDS, Checkout, Ledger

SIGNATURE = "acuerdo-signature"
SIGNED_SECONDS_MAX = 300
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.1, 5.0
DELIVER_SECONDS_MAX = 10.0
READY_WITHIN_SECONDS = 20.0
STOP_WITHIN_SECONDS = 5.0


def sign(secret: bytes, body: bytes, at: int) -> str:
    return f"t={at},v1={hmac.digest(secret, b'%d.' % at + body, hashlib.sha256).hex()}"


def is_signed(secret: bytes, body: bytes, header: str, now: int) -> bool:
    said = dict(part.partition("=")[::2] for part in header.split(","))
    at = said.get("t", "")
    if not at.isdigit() or abs(now - int(at)) > SIGNED_SECONDS_MAX:
        return False
    return hmac.compare_digest(sign(secret, body, int(at)), header)


async def deliver(ledger: Ledger) -> None:
    """Each event until it is acknowledged. One that is not taken goes to the end of the line, so that it stops no other."""
    pause = RETRY_SECONDS_MIN
    async with httpx.AsyncClient(timeout=DELIVER_SECONDS_MAX) as client:
        while True:
            event = await ledger.outbox.get()
            if await _is_acknowledged(client, ledger, json.dumps(event).encode()):
                pause = RETRY_SECONDS_MIN
                ledger.unacknowledged -= 1
                ledger.delivered += 1
                continue
            ledger.refused += 1
            ledger.outbox.put_nowait(event)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS_MAX)


async def _is_acknowledged(client: httpx.AsyncClient, ledger: Ledger, body: bytes) -> bool:
    headers = {"content-type": "application/json", SIGNATURE: sign(ledger.secret, body, int(time.time()))}
    try:
        return (await client.post(ledger.webhook, content=body, headers=headers)).is_success
    except httpx.HTTPError:
        return False


# The doors ------------------------------------------------------------------------------------------------------------


class Doors:
    """For payments: /v1. For people: /checkout. For whoever plays the world: /control. For accounts: /settlements."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def order(self, request: Request) -> Response:
        body = await request.body()
        if not is_signed(self.ledger.secret, body, request.headers.get(SIGNATURE, ""), int(time.time())):
            return JSONResponse({"error": "SIGNATURE"}, status_code=401)
        asked = json.loads(body)
        amount = asked["amount"]
        order = Checkout(asked["reference"], amount["currency_code"], amount["minor_units"], asked["return_url"])
        known = self.ledger.checkouts.setdefault(order.id, order)
        if (known.currency_code, known.minor_units) != (order.currency_code, order.minor_units):
            return JSONResponse({"error": "REFERENCE_WAS_ANOTHER_ORDER"}, status_code=409)
        self.ledger.learn(datetime.fromisoformat(asked["at"]))
        return JSONResponse({"id": order.id, "url": f"{str(request.base_url).rstrip('/')}/checkout/{order.id}"})

    async def page(self, request: Request) -> Response:
        checkout = self._checkout(request)
        if checkout is None:
            return HTMLResponse("<h1>404</h1>", status_code=404)
        cards = "".join(f'<p><button name="card" value="{escape(card)}">{escape(card)}</button></p>' for card in CARDS)
        amount = f"{checkout.currency_code} {checkout.minor_units / 100:,.2f}"
        form = f'<form method="post">{cards}</form>' if checkout.state == "open" else f"<p>{escape(checkout.state)}</p>"
        return HTMLResponse(f"<!doctype html><title>Sandbox</title><h1>Sandbox checkout: {escape(amount)}</h1>{form}")

    async def pay(self, request: Request) -> Response:
        checkout = self._checkout(request)
        card = (await request.body()).decode("ascii", "replace").partition("card=")[2]
        if checkout is None or card not in CARDS:
            return HTMLResponse("<h1>404</h1>", status_code=404)
        self.ledger.pay(checkout, card)
        return RedirectResponse(checkout.return_url, status_code=303)

    async def clock(self, request: Request) -> Response:
        self.ledger.learn(datetime.fromisoformat((await request.json())["now"]))
        return self._quiet()

    async def give_back(self, request: Request) -> Response:
        """The debit of a payment comes back now: {"reference": …, "cause": "CHARGEBACK"}."""
        asked = await request.json()
        for checkout in self.ledger.checkouts.values():
            if checkout.reference == asked["reference"] and checkout.state == "paid":
                self.ledger.tell(checkout, "payment.returned", self.ledger.now, asked.get("cause", "RETURNED"))
                return self._quiet()
        return JSONResponse({"error": "NOT_PAID"}, status_code=404)

    async def quiet(self, _: Request) -> Response:
        """Whether everything that was told is acknowledged, and how much lies ahead."""
        return self._quiet()

    async def settlements(self, request: Request) -> Response:
        """What was paid and came back on a day (all of them without ?day=), and the sums."""
        day = request.query_params.get("day")
        lines = [
            {"provider_ref": one.provider_ref, "reference": one.reference, "day": on.isoformat(), "currency_code": one.currency_code}
            | {"minor_units": sign_of * one.minor_units}
            for one in self.ledger.checkouts.values()
            for on, sign_of in ((one.value_date, 1), (one.returned_on, -1))
            if on is not None and day in (None, on.isoformat())
        ]
        totals: dict[str, int] = {}
        for line in lines:
            code = str(line["currency_code"])
            totals[code] = totals.get(code, 0) + int(line["minor_units"])
        return JSONResponse({"lines": lines, "totals": totals})

    def _checkout(self, request: Request) -> Checkout | None:
        return self.ledger.checkouts.get(request.path_params["id"])

    def _quiet(self) -> Response:
        ledger = self.ledger
        said = {
            "unacknowledged": ledger.unacknowledged,
            "delivered": ledger.delivered,
            "refused": ledger.refused,
            "ahead": len(ledger.ahead),
        }
        return JSONResponse({**said, "now": ledger.now.isoformat()})


def application(ledger: Ledger) -> Starlette:
    doors = Doors(ledger)

    @asynccontextmanager
    async def delivering(_: Starlette) -> Any:
        task = asyncio.create_task(deliver(ledger), name="deliver")
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return Starlette(
        routes=[
            Route("/v1/checkouts", doors.order, methods=["POST"]),
            Route("/checkout/{id}", doors.page, methods=["GET"]),
            Route("/checkout/{id}", doors.pay, methods=["POST"]),
            Route("/control/clock", doors.clock, methods=["POST"]),
            Route("/control/return", doors.give_back, methods=["POST"]),
            Route("/control/quiet", doors.quiet, methods=["GET"]),
            Route("/settlements", doors.settlements, methods=["GET"]),
        ],
        lifespan=delivering,
    )


class ProviderProcess:
    """The provider as a child process."""

    def __init__(self, home: Path, port: int, secret_file: Path, webhook: str, zone: str) -> None:
        self.port = port
        self._told = ("--secret-file", str(secret_file), "--webhook", webhook, "--zone", zone)
        self._process = ListeningProcess("provider", home.resolve(), port, signal.SIGTERM, signal.SIGKILL)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._process.own()
        try:
            command = [sys.executable, "-m", "dev.provider", "--listen", f"{LOOPBACK}:{self.port}", *self._told]
            self._process.start(command, lambda: not is_free(self.port), READY_WITHIN_SECONDS)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.stop(STOP_WITHIN_SECONDS)


def main() -> None:
    reader = argparse.ArgumentParser(description="A payment provider for development.")
    reader.add_argument("--listen", default="127.0.0.1:7190")
    reader.add_argument("--secret-file", type=Path, required=True)
    reader.add_argument("--webhook", required=True, help="where events are told")
    reader.add_argument("--zone", default="Europe/Madrid", help="in which its value dates are days")
    said = reader.parse_args()
    host, _, port = said.listen.rpartition(":")
    ledger = Ledger(said.secret_file.read_bytes(), said.webhook, ZoneInfo(said.zone))
    uvicorn.run(application(ledger), host=host, port=int(port), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
