"""Money of the sample: what customers paid each month as the creditor's cobros file, and people who pay through the link in a message.

The source knows how much was paid in a month and not on which day: days are ours, drawn from the reference, the same each time.
"""

from __future__ import annotations

import asyncio
import csv
import email
import email.policy
import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import httpx
from acuerdo.payments.v1 import payments_pb2 as payments

from clients.cli.connection import Doors
from clients.cli.files import wire_date
from dev.opening import COBROS_COLUMNS, Sources

CHUNK_ROWS = 256
COLUMNS = tuple(COBROS_COLUMNS.values())
LINK = re.compile(r"https?://\S+/pay/\S+")
PAYS_ONE_IN = 9
"""Of those who get a message with a link, so many pay through it."""
CHOSEN_AMOUNT = re.compile(r'name="amount" value="(\d+)"')
PAGES_AT_ONCE = 8
QUIET_POLL_SECONDS, QUIET_LOOKS_MAX = 0.05, 1200


@dataclass(frozen=True, slots=True)
class Cobro:
    """One payment that the creditor received."""

    line: int
    external_ref: str
    paid_on: date
    payment: str
    receipt: str

    @property
    def cells(self) -> list[str]:
        return [self.external_ref, self.paid_on.isoformat(), self.payment, self.receipt]


def payments_of(file: Path, first: date, last: date) -> Iterator[Cobro]:
    """What a month's report says was paid, each on a day of that month."""
    with file.open(newline="", encoding="utf-8") as opened:
        for line, row in enumerate(csv.DictReader(opened), start=2):
            if Decimal(row["payment"]) > 0:
                day = first + timedelta(days=_drawn(row["external_ref"], file.stem) % ((last - first).days + 1))
                yield Cobro(line, row["external_ref"], day, row["payment"], f"{row['external_ref']}/{file.stem}")


async def import_cobros(doors: Doors, sources: Sources, name: str, cobros: Iterable[Cobro], through: date) -> int:
    """A cobros file, its last row saying through which day the creditor has told all; how many rows were refused."""
    rows = list(cobros)

    async def chunks() -> AsyncIterator[payments.ImportCobrosRequest]:
        left, number = iter(rows), 0
        while chunk := list(islice(left, CHUNK_ROWS)):
            yield _request(sources, name, number, chunk)
            number += 1
        end = payments.CobrosEnd(rows=len(rows), complete_through=wire_date(through))
        yield payments.ImportCobrosRequest(
            request_id=f"play/{name}/end", source_id=sources.creditor, file_ref=name, columns=COLUMNS, end=end
        )

    refused = 0
    async for answer in doors.payments.ImportCobros(chunks()):
        refused += sum(bool(outcome.reason) for outcome in answer.outcomes)
    return refused


def _request(sources: Sources, name: str, number: int, chunk: list[Cobro]) -> payments.ImportCobrosRequest:
    return payments.ImportCobrosRequest(
        request_id=f"play/{name}/{number}",
        source_id=sources.creditor,
        file_ref=name,
        columns=COLUMNS,
        rows=[payments.CobrosRow(line=each.line, cells=each.cells) for each in chunk],
    )


async def complete_provider(doors: Doors, sources: Sources, through: date) -> None:
    """The provider's settlement report: everything through that day is told."""
    await doors.payments.CompletePaymentSource(
        payments.CompletePaymentSourceRequest(
            request_id=f"play/settled/{through}",
            source_id=sources.provider,
            complete_through=wire_date(through),
            evidence_ref=f"settlements-{through}",
        )
    )


class Payers:
    """People who read their mail and follow the link in it, in a browser that knows no scripts."""

    def __init__(self, mail: Path, provider: str) -> None:
        self._mail, self._provider = mail, provider
        self._read: set[str] = set()
        self.paid = 0

    async def read_mail(self) -> None:
        """What has come since: some of the readers pay, all of what is due, with a card that works."""
        new = [file for file in sorted(self._mail.glob("*.eml")) if ".repeat" not in file.name and file.name not in self._read]
        self._read.update(file.name for file in new)
        links = [link for file in new if (link := link_in(file)) and _drawn(recipient_of(file)) % PAYS_ONE_IN == 0]
        at_once = asyncio.Semaphore(PAGES_AT_ONCE)
        async with httpx.AsyncClient(follow_redirects=True, timeout=30) as browser:
            await asyncio.gather(*(self._pay_one(browser, at_once, link) for link in links))
            await self._until_quiet(browser)

    async def until_told(self, now: datetime) -> None:
        """The provider's clock stands at `now`, and everything it had to say by then was taken."""
        async with httpx.AsyncClient(timeout=30) as browser:
            await browser.post(f"{self._provider}/control/clock", json={"now": now.isoformat()})
            await self._until_quiet(browser)

    async def _pay_one(self, browser: httpx.AsyncClient, at_once: asyncio.Semaphore, link: str) -> None:
        async with at_once:
            self.paid += await pay(browser, link, "pays")

    async def _until_quiet(self, browser: httpx.AsyncClient) -> None:
        for _ in range(QUIET_LOOKS_MAX):
            if not (await browser.get(f"{self._provider}/control/quiet")).json()["unacknowledged"]:
                return
            await asyncio.sleep(QUIET_POLL_SECONDS)
        raise RuntimeError("the provider's webhooks are not taken")


async def pay(browser: httpx.AsyncClient, link: str, card: str) -> bool:
    """Open a link, choose what is due, pay with that card of the sandbox; False where there is nothing to pay any more, or no such page."""
    try:
        page = await browser.get(link)
    except httpx.ConnectError:  # of a mail from before, when the pages had another port
        return False
    offered = CHOSEN_AMOUNT.search(page.text)
    if not page.is_success or offered is None:
        return False
    checkout = await browser.post(link, data={"amount": offered[1]})
    if not checkout.is_success:
        return False
    return (await browser.post(checkout.url, content=f"card={card}")).is_success


def link_in(file: Path) -> str:
    """The payment link in a mail; empty where there is none."""
    found = LINK.search(_body(file))
    return found[0] if found else ""


def recipient_of(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").partition("X-Sink-To: ")[2].partition("\n")[0].strip()


def _body(file: Path) -> str:
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    part = mail.get_body(("plain",))
    return part.get_content() if part is not None else ""


def _drawn(*words: str) -> int:
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:6], "big")
