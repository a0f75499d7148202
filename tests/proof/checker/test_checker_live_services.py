"""What only the services can be asked: views built again, live state against folded state, and doors that keep tenants apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import service_pb2_grpc as cases_grpc
from acuerdo.common.v1 import log_pb2, log_pb2_grpc
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1 import service_pb2_grpc as strategy_grpc

from tests.proof.checker.conftest import Judged

Answer = Callable[[Any, str], Any]
"""Of a request and its caller's tenant."""


class Cases(cases_grpc.CasesServicer, log_pb2_grpc.LogServicer, strategy_grpc.StrategyServicer):
    """Answers as it is told to."""

    def __init__(self, get_case: Answer, get_treatment: Answer, replayed: Callable[[str], list[bytes]]) -> None:
        self._get_case, self._get_treatment, self._replayed = get_case, get_treatment, replayed

    async def GetCase(self, request: cases.GetCaseRequest, context: Any) -> cases.GetCaseResponse:
        answer: cases.GetCaseResponse | None = self._get_case(request, tenant_of(context))
        if answer is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such case")
            raise AssertionError
        return answer

    async def GetTreatment(self, request: strategy.GetTreatmentRequest, context: Any) -> strategy.GetTreatmentResponse:
        answer: strategy.GetTreatmentResponse = self._get_treatment(request, tenant_of(context))
        return answer

    async def Head(self, request: log_pb2.HeadRequest, context: Any) -> log_pb2.HeadResponse:
        return log_pb2.HeadResponse()

    async def Replay(self, request: log_pb2.ReplayRequest, context: Any) -> AsyncIterator[log_pb2.ReplayResponse]:
        yield log_pb2.ReplayResponse(records=[log_pb2.Record(event=event) for event in self._replayed(tenant_of(context))])


def tenant_of(context: Any) -> str:
    """The token is the tenant's name here."""
    return str(dict(context.invocation_metadata())["authorization"].removeprefix("Bearer "))


def nothing(_: Any, __: str) -> Any:
    return None


def no_records(_: str) -> list[bytes]:
    return []


@asynccontextmanager
async def answering(
    get_case: Answer = nothing, get_treatment: Answer = nothing, replayed: Any = no_records
) -> AsyncIterator[dict[str, Any]]:
    """What to give the checker to have it ask such a service."""
    server = grpc.aio.server()
    servicer = Cases(get_case, get_treatment, replayed)
    cases_grpc.add_CasesServicer_to_server(servicer, server)
    log_pb2_grpc.add_LogServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]  # generated
    strategy_grpc.add_StrategyServicer_to_server(servicer, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield {"endpoints": {"cases": address, "strategy": address}, "token_for": lambda tenant: tenant}
    finally:
        await server.stop(None)


def test_a_row_that_no_rebuild_makes_is_found_and_one_that_is_missing_too(judged: Judged) -> None:
    found = judged.wrong_views

    assert found.holds is False
    assert any(line.startswith("cases.case_list showed") and "invented" in line for line in found.broken), found.broken
    assert any(line.startswith("cases.case_parties lacked") for line in found.broken), found.broken


def test_views_that_are_not_built_again_are_found(judged: Judged) -> None:
    assert judged.never_rebuilt.broken == ("cases: its views were not built again within 0 s",)


async def test_a_live_case_that_is_another_than_its_history_is_found(judged: Judged) -> None:
    stale = judged.ran.cases["north"][0]

    def get_case(request: cases.GetCaseRequest, _: str) -> cases.GetCaseResponse:
        is_folded = request.HasField("as_known_at")
        bucket = "older" if request.case_id == stale and not is_folded else "right"
        return cases.GetCaseResponse(case=cases.Case(case_id=request.case_id, bucket=bucket))

    async with answering(get_case=get_case) as doors:
        finding = await judged.finds("I8", **doors)

    assert any(f"case {stale} is live as another than its history folds to: bucket" in line for line in finding.broken), finding.broken


async def test_a_treatment_that_is_another_than_its_events_say_is_found(judged: Judged) -> None:
    def get_treatment(request: strategy.GetTreatmentRequest, _: str) -> strategy.GetTreatmentResponse:
        return strategy.GetTreatmentResponse(treatment=strategy.Treatment(case_id=request.case_id, segment="invented"))

    async with answering(get_treatment=get_treatment) as doors:
        finding = await judged.finds("I8", services=("strategy",), **doors)

    assert finding.broken_count == sum(map(len, judged.ran.cases.values()))
    assert "segment='invented'" in finding.broken[0]


async def test_a_service_that_does_not_answer_is_found(judged: Judged) -> None:
    doors = {"endpoints": dict.fromkeys(("cases", "strategy"), "127.0.0.1:1"), "token_for": lambda tenant: tenant}

    finding = await judged.finds("I17", **doors)

    assert any("UNAVAILABLE" in line for line in finding.broken), finding.broken


async def test_a_case_shown_to_another_tenant_is_found(judged: Judged) -> None:
    async with answering(get_case=lambda request, _: cases.GetCaseResponse()) as doors:
        finding = await judged.finds("I17", **doors)

    assert f"south is shown case {judged.ran.cases['north'][0]} of north" in finding.broken


async def test_a_record_replayed_to_another_tenant_is_found(judged: Judged) -> None:
    async with answering(replayed=lambda _: [record.value for record in judged.records]) as doors:
        finding = await judged.finds("I17", services=("cases",), **doors)

    wrong = ("of north to south", "of south to north")
    assert any(line.startswith("cases replays") and line.endswith(wrong) for line in finding.broken), finding.broken
