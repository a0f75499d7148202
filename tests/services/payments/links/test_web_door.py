"""The HTTP door from outside: what it gives away (nothing), what it takes (what is signed, once), and where it stops."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from acuerdo.payments.v1 import links_pb2 as pb
from pydantic import ValidationError

from dev import provider as sandbox
from dev.ports import free_port
from dev.sandbox import Checkout
from services.chassis.runtime import SettingsAreWrong, StartRefused
from services.payments.web import DoorSettings, door
from services.payments.web.limits import Rates
from tests.services.payments.links.house import SECRET, House, amounts_in, eur, house

# What it gives away ------------------------------------------------------------------------------------------------------


async def test_a_link_that_never_was_is_over_frozen_or_revoked_answers_byte_for_byte_the_same(payments: House) -> None:
    revoked, frozen = await payments.issue(), await payments.issue()
    await payments.links.RevokeLink(
        pb.RevokeLinkRequest(request_id="r", link_id=revoked.link_id, reason_code="WRONG"), metadata=payments.bearer("supervisor")
    )
    await payments.hear_of_a_hold(UUID(int=1))
    await payments.becomes("PaymentLinkFrozen")
    tokens = [secrets.token_urlsafe(32), "short", "../../etc/passwd", revoked.token, frozen.token, revoked.link_id]
    answers = [answer for token in tokens[:2] + tokens[3:] for answer in (await payments.get(token), await payments.post(token, "1"))]
    said = {(answer.status_code, answer.text, frozenset(_without_date(answer).items())) for answer in answers}
    assert len(said) == 1
    assert answers[0].status_code == 404
    assert (await payments.get(tokens[2])).status_code == 404


def _without_date(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


async def test_every_answer_says_not_to_be_kept_framed_or_referred_to(payments: House) -> None:
    issued = await payments.issue()
    answers = [
        await payments.get(issued.token),
        await payments.get("nobody"),
        await payments.browser.get("/"),
        await payments.browser.get("/paid"),
        await payments.browser.put(f"/pay/{issued.token}"),
        await payments.post(issued.token, "10000"),
        await payments.browser.post("/webhooks/sandbox", content=b"{}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 405, 303, 401]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers


async def test_the_token_is_nowhere_but_with_whoever_was_told_it(payments: House, database: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in the database (any table), not in the log lines of ours or of a library, not with the provider, not in an answer."""
    issued = await payments.issue()
    page = await payments.get(issued.token)
    checkout = await payments.pay(issued.token, 10_000)
    await payments.post(issued.token, "77")
    await payments.get(issued.token + "x")
    await payments.browser.post("/webhooks/sandbox", content=issued.token.encode())
    await _send_raw(payments, f"GET /pay/{issued.token} HTTP/1.1\r\nhost: x\r\ncontent-length: zero\r\n\r\n".encode())
    await _send_raw(payments, f"GET /pay/{issued.token}?a=%zz HTTP/9\r\n\r\n".encode())
    dumped = await asyncio.to_thread(_everything_in, database)
    assert UUID(issued.link_id).bytes.hex() in dumped, "the search finds what is there"
    lines = capfd.readouterr()
    for place in (dumped, lines.out, lines.err, page.text, repr(vars(checkout)), repr(payments.provider.outbox)):
        assert issued.token not in place
        assert issued.token.encode().hex() not in place


async def _send_raw(payments: House, request: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", payments.browser.base_url.port)
    writer.write(request)
    assert b" 400 " in await reader.readline()
    writer.close()


def _everything_in(database: str) -> str:
    """Every row of every table, as PostgreSQL writes it (bytes in hexadecimal)."""
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return "\n".join(str(row[0]) for (table,) in tables for row in connection.execute(f"SELECT t::text FROM {table} t".encode()))


async def test_looking_without_reading_records_nothing(payments: House) -> None:
    """HEAD, as link scanners of mail programs send it."""
    issued = await payments.issue()
    before = len(await payments.names())
    assert (await payments.browser.head(f"/pay/{issued.token}")).status_code == 200
    assert len(await payments.names()) == before


# What it takes -----------------------------------------------------------------------------------------------------------


class Forger:
    """Sends webhooks of its own making."""

    def __init__(self, payments: House, checkout: Checkout) -> None:
        self._payments, self._checkout = payments, checkout

    def event(self, **said: Any) -> bytes:
        event = {
            "id": "evt_00000001",
            "type": "payment.succeeded",
            "reference": self._checkout.reference,
            "provider_ref": "sbx_00000001",
            "amount": {"currency_code": "EUR", "minor_units": 10_000},
            "value_date": "2026-03-10",
        }
        return json.dumps({**event, **said}).encode()

    async def send(self, body: bytes, *, secret: bytes = SECRET, at: int = 0, provider: str = "sandbox") -> tuple[int, str]:
        """Status and reason; `at`: seconds from now."""
        header = sandbox.sign(secret, body, int(time.time()) + at)
        return await self.send_signed(body, header, provider)

    async def send_signed(self, body: bytes, header: str, provider: str = "sandbox") -> tuple[int, str]:
        headers = {sandbox.SIGNATURE: header} if header else {}
        answer = await self._payments.browser.post(f"/webhooks/{provider}", content=body, headers=headers)
        return answer.status_code, answer.json().get("reason", "")


@pytest.fixture
async def forger(payments: House) -> Forger:
    issued = await payments.issue()
    return Forger(payments, await payments.checkout(issued.token, 10_000))


async def test_what_nobody_signed_is_refused_and_changes_nothing(payments: House, forger: Forger) -> None:
    before = await payments.names()
    body = forger.event()
    assert await forger.send_signed(body, "") == (401, "SIGNATURE_IS_MISSING")
    assert await forger.send(body, secret=b"x" * 32) == (401, "SIGNATURE_DOES_NOT_MATCH")
    assert await forger.send(body, at=-301) == (401, "SIGNATURE_IS_TOO_OLD")
    assert await forger.send(body, at=301) == (401, "SIGNATURE_IS_TOO_OLD")
    good = sandbox.sign(SECRET, body, int(time.time()))
    assert await forger.send_signed(forger.event(amount={"currency_code": "EUR", "minor_units": 1}), good) == (
        401,
        "SIGNATURE_DOES_NOT_MATCH",
    )
    assert await forger.send(body, provider="another") == (404, "PROVIDER_IS_UNKNOWN")
    assert await payments.names() == before


async def test_an_event_told_many_times_and_at_once_is_stored_once(payments: House, forger: Forger) -> None:
    answers = await asyncio.gather(*(forger.send(forger.event()) for _ in range(8)))
    assert set(answers) == {(200, "")}
    assert len(await payments.events("PaymentReceived")) == 1
    assert await forger.send(forger.event()) == (200, "")
    assert len(await payments.events("PaymentAllocated")) == 1


async def test_the_same_money_under_another_events_name_is_stored_once(payments: House, forger: Forger) -> None:
    for number in (1, 2):
        assert await forger.send(forger.event(id=f"evt_0000000{number}")) == (200, "")
    assert len(await payments.events("PaymentReceived")) == 1


async def test_an_events_name_with_another_content_is_refused(payments: House, forger: Forger) -> None:
    assert await forger.send(forger.event()) == (200, "")
    assert await forger.send(forger.event(amount={"currency_code": "EUR", "minor_units": 1})) == (409, "EVENT_WAS_ANOTHER_BEFORE")


async def test_money_that_is_another_payments_is_refused(payments: House, forger: Forger) -> None:
    assert await forger.send(forger.event()) == (200, "")
    await payments.hear_of_a_debt(500)
    other = Forger(payments, await payments.checkout((await payments.issue()).token, 500))
    assert await other.send(other.event(id="evt_00000002")) == (409, "MONEY_IS_OF_ANOTHER_PAYMENT")


@pytest.mark.parametrize(
    "said",
    [
        {"type": "payment.invented"},
        {"amount": {"currency_code": "EUR", "minor_units": 0}},
        {"amount": {"currency_code": "EUR", "minor_units": 10.5}},
        {"amount": {"currency_code": "EUR", "minor_units": "10000"}},
        {"amount": None},
        {"reference": "not-a-uuid"},
        {"id": "x"},
        {"provider_ref": "María García"},
        {"value_date": "2026-02-30"},
        {"cause": "free text"},
    ],
    ids=lambda said: next(iter(said)),
)
async def test_a_signed_event_that_is_not_as_agreed_is_refused(payments: House, forger: Forger, said: dict[str, Any]) -> None:
    assert await forger.send(forger.event(**said)) == (400, "EVENT_IS_MALFORMED")
    assert await payments.events("PaymentReceived") == []


async def test_a_signed_event_of_a_payment_that_was_never_begun_is_refused(forger: Forger) -> None:
    assert await forger.send(forger.event(reference=str(uuid4()))) == (404, "PAYMENT_WAS_NOT_INITIATED")


async def test_money_of_tomorrow_is_refused_today_and_taken_tomorrow(payments: House, forger: Forger) -> None:
    """A refusal that time heals must not be kept: the provider tells the same event again."""
    tomorrow = forger.event(value_date="2026-03-11")
    assert (await forger.send(tomorrow))[0] == 400
    await payments.wait(days=1)
    assert await forger.send(tomorrow) == (200, "")


async def test_what_comes_back_before_it_was_received_is_told_again_and_taken_then(payments: House, forger: Forger) -> None:
    back = forger.event(id="evt_00000009", type="payment.returned")
    assert await forger.send(back) == (404, "PAYMENT_IS_UNKNOWN")
    assert await forger.send(forger.event()) == (200, "")
    assert await forger.send(back) == (200, "")
    assert await forger.send(back) == (200, "")
    assert len(await payments.events("PaymentReversed")) == 1


async def test_a_failure_told_after_the_money_came_changes_nothing(payments: House, forger: Forger) -> None:
    assert await forger.send(forger.event()) == (200, "")
    assert await forger.send(forger.event(id="evt_00000003", type="payment.failed")) == (200, "")
    assert await payments.events("PaymentFailed") == []


async def test_money_after_a_failure_is_money(payments: House, forger: Forger) -> None:
    assert await forger.send(forger.event(id="evt_00000003", type="payment.failed")) == (200, "")
    assert await forger.send(forger.event()) == (200, "")
    assert (await payments.names()).count("PaymentReceived") == 1


# Where it stops ----------------------------------------------------------------------------------------------------------


async def test_more_than_it_takes_is_not_read(payments: House, forger: Forger) -> None:
    issued = await payments.issue()
    assert (await payments.browser.post(f"/pay/{issued.token}", content=b"a" * 5_000)).status_code == 413
    assert (await payments.browser.post("/webhooks/sandbox", content=b"a" * 70_000)).status_code == 413

    async def endless() -> Any:
        for _ in range(100):
            yield b"a" * 1_024

    assert (await payments.browser.post("/webhooks/sandbox", content=endless())).status_code == 413


async def test_a_form_that_is_none_is_refused_and_nothing_breaks(payments: House) -> None:
    issued = await payments.issue()
    for content in (b"&".join(b"a=1" for _ in range(50)), b"\xff\xfe\x00", b"amount", "amount=١٠٠".encode()):
        assert (await payments.browser.post(f"/pay/{issued.token}", content=content)).status_code in (400, 409)
    assert amounts_in((await payments.get(issued.token)).text) == ["10000"]


async def test_one_address_asks_so_often_and_no_more_and_webhooks_are_not_counted(database: str, tmp_path: Path) -> None:
    async with house(database, tmp_path, web_requests_per_minute=5) as payments:
        issued = await payments.issue()
        answers = [(await payments.get(issued.token)).status_code for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert (await payments.browser.post("/webhooks/sandbox", content=b"{}")).status_code == 401


def test_the_bucket_fills_evenly_and_forgets_who_has_long_been_away() -> None:
    now = [0.0]
    rates = Rates(60, lambda: now[0])
    assert [rates.take("a") for _ in range(61)] == [True] * 60 + [False]
    assert rates.take("b")
    now[0] += 1.5
    assert [rates.take("a") for _ in range(2)] == [True, False]


async def test_without_the_provider_nothing_is_lost_and_the_same_payment_goes_on_later(payments: House) -> None:
    issued = await payments.issue()
    away = await _provider_away(payments, issued.token)
    assert away.status_code == 503
    [initiated] = await payments.events("PaymentInitiated")
    checkout = await payments.checkout(issued.token, 10_000)
    assert checkout.reference == str(UUID(bytes=initiated.payment_id))
    assert len(await payments.events("PaymentInitiated")) == 1


async def _provider_away(payments: House, token: str) -> httpx.Response:
    """The provider answers as if the order were not signed: its secret has changed."""
    payments.provider.secret = b"another" * 8
    try:
        return await payments.post(token, "10000")
    finally:
        payments.provider.secret = SECRET


async def test_where_the_provider_is_not_registered_nobody_is_charged(database: str, tmp_path: Path) -> None:
    """Its money could not be recorded; what was begun before is taken as soon as it is registered."""
    async with house(database, tmp_path, provider="another") as payments:
        issued = await payments.issue()
        assert (await payments.post(issued.token, "10000")).status_code == 503
        assert await payments.events("PaymentInitiated") == []
        await payments.register_source("another")
        await payments.checkout(issued.token, 10_000)


async def test_whoever_never_finishes_asking_is_not_waited_for(payments: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "ANSWER_SECONDS_MAX", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", payments.browser.base_url.port)
    writer.write(b"POST /webhooks/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc")
    assert b" 503 " in await reader.readline()
    writer.close()


async def test_a_taken_address_is_refused_at_the_start(database: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(StartRefused, match="web address"):
            async with house(database, tmp_path, web_listen=f"127.0.0.1:{taken.getsockname()[1]}"):
                pass


@pytest.mark.parametrize(
    "said",
    [
        {"web_listen": "0.0.0.0:80"},
        {"web_public_url": "http://pay.example.com"},
        {"provider_url": "http://provider.example.com"},
        {"provider": "Señor"},
        {"web_listen": "nowhere"},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_door_that_would_speak_in_clear_to_a_network_is_not_opened(said: dict[str, str]) -> None:
    with pytest.raises(SettingsAreWrong) as wrong:
        DoorSettings.read(**said)
    assert next(iter(said.values())) not in str(wrong.value)
    with pytest.raises(ValidationError):
        DoorSettings(**said)  # type: ignore[arg-type]  # one of several types


def test_a_door_on_this_machine_or_behind_an_ingress_is_opened() -> None:
    DoorSettings.read(web_listen=f"127.0.0.1:{free_port()}", web_public_url="http://localhost:7180")
    DoorSettings.read(web_listen="0.0.0.0:8080", web_plaintext=True, web_public_url="https://pay.example.com")


async def test_least_amounts_are_offered_with_their_bounds(payments: House) -> None:
    issued = await payments.issue(least=eur(2_000))
    page = (await payments.get(issued.token)).text
    assert "Entre 20,00 EUR y 100,00 EUR" in page
    assert amounts_in(page) == ["10000", "another"]
