"""Whatever is asked: the answer is one of the statuses that are promised, and an error stores no event."""

from __future__ import annotations

from datetime import date
from random import Random

import grpc
import pytest
from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.log_pb2 import HeadRequest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contracts.any_request import PROMISED, any_message
from tests.services.cases.service import Caller, Running, a_debt, a_row, cycles_terms, money, on
from tests.services.cases.test_cases_api import ANA

REQUESTS_PER_METHOD = 60
METHODS = [
    *pb.DESCRIPTOR.services_by_name["Cases"].methods,
    *promises.DESCRIPTOR.services_by_name["Promises"].methods,
]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_no_request_is_answered_with_a_status_that_is_not_promised(cases: Running, seed: int) -> None:
    caller = cases.as_("operator", "supervisor", "agent", "compliance", "auditor", "system")
    client = await caller.RegisterClient(external_ref="bank", name="Bank")
    portfolio = await caller.OpenPortfolio(client_id=client.client_id, external_ref="cards", name="Cards", terms=cycles_terms())
    case = await caller.RegisterCase(
        portfolio_id=portfolio.portfolio_id,
        external_ref="ref-1",
        product="card",
        parties=a_row(1, "x", 1, ANA).parties,
        debts=[a_debt(100_000)],
        value_date=on(date(2026, 1, 1)),
    )
    batch = await caller.ReceiveBatch(
        portfolio_id=portfolio.portfolio_id, external_ref="b", declared=types.ControlTotals(count=2, amount=money(5))
    )
    debt_id = (await caller.GetCase(case_id=case.case_id)).case.debts[0].debt_id
    questions = [dossier.Question(key="note", text="?", kind=dossier.ANSWER_KIND_TEXT)]
    questionnaire = await caller.PublishQuestionnaire(name="situation", questions=questions)
    flagged = await caller.FlagVulnerability(
        case_id=case.case_id, category=1, severity=1, visibility=1, source="debtor", review_on=on(date(2026, 6, 1))
    )
    part = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(5))
    disputed = await caller.DisputeDebt(case_id=case.case_id, debt_id=debt_id, components=[part], reason_code="NOT_MINE")
    asked = await caller.OpenClientQuery(case_id=case.case_id, subject="ALREADY_PAID")
    part = promises.PromisePart(date=on(date(2026, 2, 1)), amount=money(5))
    promised = await caller.MakePromise(case_id=case.case_id, parts=[part])
    known = {
        "promise_id": [promised.promise_id],
        "debt_id": [debt_id],
        "questionnaire_id": [questionnaire.questionnaire_id],
        "flag_id": [flagged.flag_id],
        "dispute_id": [disputed.dispute_id],
        "query_id": [asked.query_id],
        "source": ["debtor"],
        "reason_code": ["CLIENT_ASKED"],
        "evidence_refs": ["letter-1"],
        "client_id": [client.client_id],
        "portfolio_id": [portfolio.portfolio_id],
        "case_id": [case.case_id],
        "batch_id": [batch.batch_id],
        "person_id": [ANA],
        "subject_id": [ANA],
        "currency_code": ["EUR"],
        "purpose": ["CALL_PREPARATION"],
        "etag": ["", "", "1"],
        "page_token": ["", "not-a-token"],
    }
    chance = Random(seed)
    seen: set[grpc.StatusCode] = set()
    position = await _position(caller)
    for method in METHODS:
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, known)
            status, said = await _status_of(caller, method.name, request, method.client_streaming)
            seen.add(status)
            assert status in PROMISED, f"{method.name}: {status} {said}\n{request}"
            before, position = position, await _position(caller)
            if status is not grpc.StatusCode.OK and not method.client_streaming:
                assert position == before, f"{method.name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode[name] for name in ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")}


async def _status_of(caller: Caller, method: str, request: Message, is_stream: bool) -> tuple[grpc.StatusCode, str]:
    try:
        await (caller.send(method, request) if is_stream else getattr(caller, f"{method}_as_it_is")(request))
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""


async def _position(caller: Caller) -> int:
    return int((await caller.log.Head(HeadRequest(), metadata=caller.metadata)).head.position)
