"""The sandbox provider as a process of its own: ordered by signed JSON, paid by a browser, heard by webhooks until it is believed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.issuer import kept_secret
from dev.ports import free_port
from dev.provider import SIGNATURE, ProviderProcess, is_signed, sign

ORDER = {
    "reference": "00000000-0000-7000-8000-000000000001",
    "amount": {"currency_code": "EUR", "minor_units": 4_200},
    "return_url": "https://pay.example.com/paid",
    "at": "2026-03-10T10:00:00+00:00",
}


@dataclass(frozen=True)
class Running:
    """The provider, and where it tells what happens."""

    url: str
    secret: bytes
    webhook_port: int


@dataclass
class Listener:
    """In the place of payments: takes webhooks, and says no to the first few."""

    refuses: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    secret: bytes = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        assert is_signed(self.secret, body, headers[SIGNATURE], int(time.time()))
        is_taken = self.refuses <= 0
        self.refuses -= 1
        if is_taken:
            self.taken.append(json.loads(body))
        status = b"200 OK" if is_taken else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def hears(self, *expected: str) -> list[dict[str, Any]]:
        """Everything told, once each of these was: "<reference> <succeeded, failed or returned>"."""
        async with asyncio.timeout(20):
            while not set(expected) <= {self._name(event) for event in self.taken}:  # noqa: ASYNC110  # another process tells
                await asyncio.sleep(0.02)
        return self.taken

    def _name(self, event: dict[str, Any]) -> str:
        return f"{event['reference']} {event['type'].removeprefix('payment.')}"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("provider")
    secret = kept_secret(home / "secret")
    port = free_port()
    webhook = f"http://127.0.0.1:{port}/webhooks/sandbox"
    with ProviderProcess(home, free_port(), secret, webhook, "Europe/Madrid") as process:
        yield Running(process.url, secret.read_bytes(), port)


@asynccontextmanager
async def listening(provider: Running, refuses: int = 0) -> AsyncIterator[Listener]:
    listener = Listener(refuses, secret=provider.secret)
    server = await asyncio.start_server(listener.answer, "127.0.0.1", provider.webhook_port)
    async with server:
        yield listener


async def order(provider: Running, client: httpx.AsyncClient, **said: Any) -> httpx.Response:
    body = json.dumps({**ORDER, **said}).encode()
    headers = {SIGNATURE: sign(provider.secret, body, int(time.time()))}
    return await client.post(f"{provider.url}/v1/checkouts", content=body, headers=headers)


async def test_an_order_is_paid_and_told_until_it_is_acknowledged(provider: Running, tmp_path: Path) -> None:
    async with httpx.AsyncClient() as client, listening(provider, refuses=3) as listener:
        url = (await order(provider, client)).json()["url"]
        assert (await order(provider, client)).json()["url"] == url, "one checkout for one reference"
        assert "EUR 42.00" in (await client.get(url)).text
        paid = await client.post(url, data={"card": "pays"})
        assert (paid.status_code, paid.headers["location"]) == (303, ORDER["return_url"])
        event = (await listener.hears(f"{ORDER['reference']} succeeded"))[0]
        assert (event["type"], event["reference"], event["amount"]) == ("payment.succeeded", ORDER["reference"], ORDER["amount"])
        assert event["value_date"] == "2026-03-10"
        said = (await client.get(f"{provider.url}/control/quiet")).json()
        assert said["refused"] == 3


async def test_an_order_that_is_not_signed_or_is_another_under_the_same_name_is_refused(provider: Running) -> None:
    async with httpx.AsyncClient() as client:
        unsigned = await client.post(f"{provider.url}/v1/checkouts", content=json.dumps(ORDER).encode())
        assert unsigned.status_code == 401
        await order(provider, client, reference="other")
        another = await order(provider, client, reference="other", amount={"currency_code": "EUR", "minor_units": 1})
        assert (another.status_code, another.json()["error"]) == (409, "REFERENCE_WAS_ANOTHER_ORDER")


async def test_time_brings_late_money_and_takes_debits_back_and_the_settlement_says_both(provider: Running) -> None:
    async with httpx.AsyncClient() as client, listening(provider) as listener:
        for reference, card in (("late", "pays-late"), ("back", "comes-back"), ("no", "fails")):
            url = (await order(provider, client, reference=reference)).json()["url"]
            await client.post(url, data={"card": card})
        await listener.hears("back succeeded", "no failed")
        clock = f"{provider.url}/control/clock"
        await client.post(clock, json={"now": "2026-03-10T23:30:00+00:00"})
        await client.post(clock, json={"now": "2026-03-20T00:00:00+00:00"})
        await listener.hears("late succeeded", "back returned")
        lines = (await client.get(f"{provider.url}/settlements")).json()["lines"]
        assert [line["minor_units"] for line in lines if line["reference"] == "back"] == [4_200, -4_200]
        day = (await client.get(f"{provider.url}/settlements", params={"day": "2026-03-15"})).json()
        assert day["totals"] == {"EUR": -4_200}


async def test_some_events_come_twice_with_the_same_name(provider: Running) -> None:
    async with httpx.AsyncClient() as client, listening(provider) as listener:
        for number in range(3):
            url = (await order(provider, client, reference=f"twice-{number}")).json()["url"]
            await client.post(url, data={"card": "pays"})
        await listener.hears(*(f"twice-{number} succeeded" for number in range(3)))

        async def is_quiet() -> bool:
            return not (await client.get(f"{provider.url}/control/quiet")).json()["unacknowledged"]

        async with asyncio.timeout(20):
            while not await is_quiet():  # noqa: ASYNC110  # another process tells
                await asyncio.sleep(0.02)
        told = [event["id"] for event in listener.taken]
        assert (len(told), len(set(told))) == (4, 3)


async def test_a_payment_is_taken_back_on_command(provider: Running) -> None:
    async with httpx.AsyncClient() as client, listening(provider) as listener:
        url = (await order(provider, client, reference="command")).json()["url"]
        await client.post(url, data={"card": "pays"})
        said = await client.post(f"{provider.url}/control/return", json={"reference": "command", "cause": "CHARGEBACK"})
        assert said.status_code == 200
        causes = {event["cause"] for event in await listener.hears("command returned") if event["type"] == "payment.returned"}
        again = await client.post(f"{provider.url}/control/return", json={"reference": "command"})
        assert again.status_code == 404
        assert causes == {"CHARGEBACK"}
