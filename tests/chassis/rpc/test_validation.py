"""What a request may hold: every broken field is named, and nothing of a refused request reaches the method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import service_pb2_grpc as cases_grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.rpc.validation import CARD_NUMBER, CONTROL_CHARACTER, NOT_NORMALISED, text_fault, violations_of
from services.chassis.settings import Settings

CONTRACT = cases.DESCRIPTOR.services_by_name["Cases"]
AN_ID = "0190a000-0000-7000-8000-000000000001"
CARD = "4111 1111 1111 1111"


def broken_fields(error: grpc.aio.AioRpcError) -> tuple[dict[str, str], list[str]]:
    """(facts of the ErrorInfo, field paths) of an INVALID_ARGUMENT."""
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    status = Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])  # type: ignore[arg-type]
    info, bad = ErrorInfo(), BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(bad)
    assert (info.reason, info.domain) == ("REQUEST_IS_INVALID", "acuerdo")
    return dict(info.metadata), [violation.field for violation in bad.field_violations]


class Reached:
    """Counts what got through to the method."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    async def __call__(self, name: str, request: Any, context: Any) -> None:
        self.requests.append(request)


async def test_every_broken_field_is_named_with_its_path(toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]) -> None:
    reached = Reached()
    request = cases.RegisterCaseRequest(request_id="r", portfolio_id="x", external_ref="ok", product="bell\x07")
    request.parties.add(person_id="")
    request.debts.add(external_ref="", product="loan")
    async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, reached)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await cases_grpc.CasesStub(channel).RegisterCase(request, metadata=bearer("operator"))
    _, fields = broken_fields(refused.value)
    assert {"portfolio_id", "product", "parties[0].person_id", "debts[0].external_ref", "debts[0].components"} <= set(fields)
    assert reached.requests == []


async def test_more_broken_fields_than_a_client_can_receive_are_counted(
    toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]
) -> None:
    request = cases.RegisterCaseRequest()
    for _ in range(400):
        request.parties.add(person_id="not a uuid")
    async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, Reached())) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await cases_grpc.CasesStub(channel).RegisterCase(request, metadata=bearer("operator"))
    facts, fields = broken_fields(refused.value)
    assert int(facts["violations"]) >= 400
    assert int(facts["named"]) == len(fields) > 100


async def test_each_message_of_a_stream_is_checked(toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]) -> None:
    reached = Reached()
    good = cases.RegisterCasesRequest(request_id="1", batch_id=AN_ID, rows=[cases.CaseRow(line=1)])
    bad = cases.RegisterCasesRequest(request_id="2", batch_id="x", rows=[cases.CaseRow(line=2)])
    async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, reached)) as (_, channel):
        call = cases_grpc.CasesStub(channel).RegisterCases(iter([good, bad]), metadata=bearer("operator"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            _ = [answer async for answer in call]
    assert broken_fields(refused.value)[1] == ["batch_id"]
    assert [request.request_id for request in reached.requests] == ["1"]


async def test_rows_of_a_batch_are_left_to_be_judged_one_by_one(
    toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]
) -> None:
    row = cases.CaseRow(line=1, external_ref=CARD)
    chunk = cases.RegisterCasesRequest(request_id="1", batch_id=AN_ID, rows=[row])
    async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, Reached())) as (_, channel):
        answers = cases_grpc.CasesStub(channel).RegisterCases(iter([chunk]), metadata=bearer("operator"))
        assert len([answer async for answer in answers]) == 1
    found = {violation.field: violation.rule for violation in violations_of(row, "rows[0].")}
    assert found["rows[0].external_ref"] == CARD_NUMBER


async def test_a_person_says_why_personal_data_is_read(toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]) -> None:
    request = cases.ListFactsRequest(case_id=AN_ID, request_id="r")
    async with serving(settings, toy(cases_grpc.CasesServicer, CONTRACT, Reached())) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await cases_grpc.CasesStub(channel).ListFacts(request, metadata=bearer("agent"))
        assert "purpose" in broken_fields(refused.value)[1]
        request.purpose = "CALL_PREPARATION"
        await cases_grpc.CasesStub(channel).ListFacts(request, metadata=bearer("agent"))


@pytest.mark.parametrize(
    "number",
    ["4111111111111111", CARD, "5555-5555-5555-4444", "378282246310005", "6011111111111117", "3530111333300000", "ref 4012888888881881."],
)
def test_a_card_number_is_recognised_however_it_is_written(number: str) -> None:
    assert text_fault(number) is not None
    assert text_fault(number)[0] == CARD_NUMBER  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "0000000000000000",
        AN_ID,
        "ES9121000418450200051332",
        "2026-11-24T10:00:00Z",
        "20261124101500123",
        "+34 600 123 456",
    ],
)
def test_what_is_no_card_number_passes(text: str) -> None:
    assert text_fault(text) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [("a\x00b", CONTROL_CHARACTER), ("a\u202eb", CONTROL_CHARACTER), ("\x85", CONTROL_CHARACTER), ("Jose\u0301", NOT_NORMALISED)],
)
def test_texts_are_clean_and_composed(text: str, rule: str) -> None:
    assert text_fault(text) is not None
    assert text_fault(text)[0] == rule  # type: ignore[index]
    assert text_fault("línea una\nlínea dos\ttab") is None


@given(st.integers(10**12, 10**19 - 1))
def test_a_wrong_check_digit_is_no_card_number(number: int) -> None:
    """Of ten numbers that differ in the last digit at most one is a card number (Luhn)."""
    family = [f"{number // 10}{last}" for last in range(10)]
    assert sum(text_fault(text) is not None for text in family) <= 1
