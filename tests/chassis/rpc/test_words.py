"""Words: who asks and what, receipts, and page tokens that only fit their own question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import grpc.aio
import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import service_pb2_grpc as cases_grpc
from acuerdo.common.v1 import types_pb2 as types
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.log.meta import shared_meta
from services.chassis.log.origins import Command
from services.chassis.log.units import Stored, StreamVersion
from services.chassis.rpc import words
from services.chassis.rpc.pages import Pages
from services.chassis.settings import Settings
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid

CONTRACT = cases.DESCRIPTOR.services_by_name["Cases"]
AN_ID = "0190a000-0000-7000-8000-000000000001"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class StandingClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def commands(toy: Any, serving: Any, settings: Settings) -> Callable[..., Any]:
    """Ask CloseCase and get the Command that the api room would hand to the log, or the status code."""

    async def ask(request: Any, metadata: Any, key: bytes = b"p" * 32) -> Command:
        made: list[Command] = []
        asked_by = words.AskedBy(StandingClock(), key)

        async def keep(name: str, asked: Any, context: Any) -> None:
            made.append(asked_by(context, asked))

        async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, keep)) as (_, channel):
            await cases_grpc.CasesStub(channel).CloseCase(request, metadata=metadata)
        return made[0]

    return ask


def a_closing(**changed: Any) -> cases.CloseCaseRequest:
    said: dict[str, Any] = {"request_id": "r-1", "case_id": AN_ID, "outcome": 1, "evidence_refs": ["payment/1"]} | changed
    return cases.CloseCaseRequest(**said)


async def test_a_command_is_who_asked_what_by_the_token(commands: Any, bearer: Callable[..., Any]) -> None:
    correlation_id = uuid4()
    metadata = (*bearer("supervisor", tenant="north"), (words.CORRELATION_ID, str(correlation_id)))
    command = await commands(a_closing(etag="4"), metadata)
    assert (command.tenant_id, command.actor.kind, command.actor.id) == ("north", "AGENT", "ana")
    assert command.principal.endswith("#ana")
    assert (command.method, command.request_id, command.etag) == ("acuerdo.cases.v1.Cases/CloseCase", "r-1", 4)
    assert (command.correlation_id, command.occurred_at) == (correlation_id, None)


async def test_without_a_correlation_id_the_command_is_its_own(commands: Any, bearer: Callable[..., Any]) -> None:
    command = await commands(a_closing(), bearer("supervisor"))
    meta = types.EventMeta.FromString(b"".join(shared_meta(command)))
    assert meta.correlation_id == meta.command_id == command.id.bytes


async def test_the_payload_hash_is_keyed_and_blind_to_request_id_and_etag_only(commands: Any, bearer: Callable[..., Any]) -> None:
    first = await commands(a_closing(), bearer("supervisor"))
    repeated = await commands(a_closing(request_id="r-2", etag="7"), bearer("supervisor"))
    changed = await commands(a_closing(case_id=AN_ID[:-1] + "2"), bearer("supervisor"))
    other_key = await commands(a_closing(), bearer("supervisor"), b"q" * 32)
    assert len(first.payload_hash) == 32
    assert first.payload_hash == repeated.payload_hash
    assert first.payload_hash != changed.payload_hash
    assert first.payload_hash != other_key.payload_hash


async def test_what_lies_in_the_future_has_not_happened(commands: Any, bearer: Callable[..., Any]) -> None:
    soon = words.timestamp(NOW + timedelta(minutes=5))
    late = words.timestamp(NOW + timedelta(minutes=5, seconds=1))
    assert (await commands(a_closing(occurred_at=soon), bearer("supervisor"))).occurred_at == NOW + timedelta(minutes=5)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await commands(a_closing(occurred_at=late), bearer("supervisor"))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_the_platforms_own_commands_no_tenant(commands: Any, bearer: Callable[..., Any]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await commands(a_closing(), bearer("operator", tenant="*"))
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_receipt_tells_each_change() -> None:
    stored = Stored(12, NOW, (StreamVersion(UUID(int=1), 3), StreamVersion(UUID(int=2), 1)))
    second = words.receipt(stored, 1)
    assert (second.stream_id, second.version, second.position) == (str(UUID(int=2)), 1, 12)
    assert words.instant(second.recorded_at, "x") == NOW


@given(st.dates(), st.datetimes(timezones=st.just(UTC)), st.integers(-(10**15), 10**15))
def test_what_goes_onto_the_wire_comes_back(on: date, at: datetime, units: int) -> None:
    assert words.day(words.wire_date(on), "x") == on
    assert words.instant(words.timestamp(at), "x") == at
    assert words.money(words.wire_money(Money("EUR", units))) == Money("EUR", units)
    assert words.wire_money(Money("EUR", units)) == types.Money(currency_code="EUR", minor_units=units)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: words.uuid("x", "f"),
        lambda: words.day(Date(year=2026, month=2, day=30), "f"),
        lambda: words.day(Date(year=2026), "f"),
        lambda: words.instant(Timestamp(seconds=10**15), "f"),
    ],
)
def test_impossible_words_name_their_field(ask: Callable[[], Any]) -> None:
    with pytest.raises(IsInvalid) as refused:
        ask()
    assert refused.value.field == "f"


# Pages ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(toy: Any, serving: Any, settings: Settings) -> Callable[..., Any]:
    """Ask ListCases; what the api room reads of its page token, and the token it would give after ["ref-50", id]."""

    async def ask(request: cases.ListCasesRequest, metadata: Any, key: bytes = b"k" * 32) -> tuple[Any, int, str]:
        found: list[tuple[Any, int, str]] = []
        table = Pages(key)

        async def read(name: str, asked: Any, context: Any) -> None:
            found.append((table.after(asked), table.size(asked), table.token(["ref-50", AN_ID], asked)))

        async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, read)) as (_, channel):
            await cases_grpc.CasesStub(channel).ListCases(request, metadata=metadata)
        return found[0]

    return ask


async def test_a_page_token_carries_where_to_go_on(pages: Any, bearer: Callable[..., Any]) -> None:
    question = {"portfolio_id": AN_ID, "bucket": "2"}
    after, size, token = await pages(cases.ListCasesRequest(**question), bearer("agent"))
    assert (after, size) == (None, 50)
    assert len(token) <= 200
    after, size, _ = await pages(cases.ListCasesRequest(**question, page_token=token, page_size=7, min_position=9), bearer("agent"))
    assert (after, size) == (["ref-50", AN_ID], 7)


async def test_a_page_token_fits_no_other_question_caller_or_key(pages: Any, bearer: Callable[..., Any]) -> None:
    question = {"portfolio_id": AN_ID, "bucket": "2"}
    _, _, token = await pages(cases.ListCasesRequest(**question), bearer("agent"))
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    attempts = [
        (cases.ListCasesRequest(portfolio_id=AN_ID, bucket="3", page_token=token), bearer("agent"), b"k" * 32),
        (cases.ListCasesRequest(**question, page_token=token), bearer("agent", tenant="other"), b"k" * 32),
        (cases.ListCasesRequest(**question, page_token=token), bearer("agent", sub="berta"), b"k" * 32),
        (cases.ListCasesRequest(**question, page_token=token), bearer("agent"), b"z" * 32),
        (cases.ListCasesRequest(**question, page_token=changed), bearer("agent"), b"k" * 32),
        (cases.ListCasesRequest(**question, page_token="%%%"), bearer("agent"), b"k" * 32),
        (cases.ListCasesRequest(**question, page_token="é"), bearer("agent"), b"k" * 32),
    ]
    for request, metadata, key in attempts:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await pages(request, metadata, key)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "page_token" in (refused.value.details() or "")
