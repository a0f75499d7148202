"""What becomes of circumstances: looked at again, proofs asked for, over; the whole request, and what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import protovalidate
import pytest
from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import service_pb2 as cases
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.test_cli_regions import CASE, DAY

ID = "019340c1-3a5e-7f0e-9d5b-0000000000cc"


def asked(services: FakeServices, method: str) -> Any:
    """The one request for that method, whole but for its id; by the contract's own rules there is nothing wrong with it."""
    (request,) = services.requests(method)
    assert [broken.proto.message for broken in protovalidate.collect_violations(request)] == []
    said = type(request)()
    said.CopyFrom(request)
    said.ClearField("request_id")
    return said


DECIDED: list[tuple[tuple[str, ...], str, Message, Message, str, str]] = [
    (
        ("review", CASE, ID, "UNCHANGED", "--review", "2026-03-10", "--need", "no-calls", "--need", "interpreter"),
        "ReviewVulnerability",
        circumstances.ReviewVulnerabilityRequest(
            case_id=CASE,
            flag_id=ID,
            outcome_code="UNCHANGED",
            review_on=DAY,
            needs=[circumstances.NEED_NO_CALLS, circumstances.NEED_INTERPRETER],
        ),
        circumstances.ReviewVulnerabilityResponse(),
        "looked at again on 2026-03-10",
        "Se revisa otra vez el 2026-03-10",
    ),
    (
        ("ask-for", CASE, ID, "PAYSLIP", "BANK_STATEMENT", "--due", "2026-03-10"),
        "RequestHardshipEvidence",
        circumstances.RequestHardshipEvidenceRequest(case_id=CASE, hardship_id=ID, subjects=["PAYSLIP", "BANK_STATEMENT"], due=DAY),
        circumstances.RequestHardshipEvidenceResponse(),
        "Asked for, by 2026-03-10",
        "Pedido, para el 2026-03-10",
    ),
    (
        ("review-hardship", CASE, ID, "reduced-payment", "fee-stop", "--review", "2026-03-10"),
        "ReviewHardship",
        circumstances.ReviewHardshipRequest(
            case_id=CASE,
            hardship_id=ID,
            measures=[circumstances.HARDSHIP_MEASURE_REDUCED_PAYMENT, circumstances.HARDSHIP_MEASURE_FEE_STOP],
            review_on=DAY,
        ),
        circumstances.ReviewHardshipResponse(),
        "looked at again on 2026-03-10",
        "Se revisa otra vez el 2026-03-10",
    ),
    (
        ("end-hardship", CASE, ID, "WORKS_AGAIN"),
        "EndHardship",
        circumstances.EndHardshipRequest(case_id=CASE, hardship_id=ID, reason_code="WORKS_AGAIN"),
        circumstances.EndHardshipResponse(),
        "Done.",
        "Hecho.",
    ),
    (
        ("end-special", CASE, ID, "RELEASED"),
        "EndSpecialCircumstance",
        circumstances.EndSpecialCircumstanceRequest(case_id=CASE, circumstance_id=ID, reason_code="RELEASED"),
        circumstances.EndSpecialCircumstanceResponse(),
        "Done.",
        "Hecho.",
    ),
]


@pytest.mark.parametrize(("words", "method", "request_", "answer", "english", "spanish"), DECIDED, ids=[each[0][0] for each in DECIDED])
def test_what_is_decided_is_asked_whole_and_told_in_two_languages(
    words: tuple[str, ...],
    method: str,
    request_: Message,
    answer: Message,
    english: str,
    spanish: str,
    started: Path,
    services: FakeServices,
    acuerdo: Acuerdo,
) -> None:
    services.answers[method] = answer
    ran = acuerdo("circumstances", *words)
    assert ran.exit_code == 0, ran.err
    assert asked(services, method) == request_
    assert english in ran.out
    assert spanish in acuerdo("circumstances", *words, "--lang", "es").out


def test_the_clients_reference_finds_the_case(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    services.answers["EndHardship"] = circumstances.EndHardshipResponse()
    assert acuerdo("circumstances", "end-hardship", "REF-1", ID, "WORKS_AGAIN", "--portfolio", ID).exit_code == 0
    assert services.requests("ListCases")[0].portfolio_id == ID
    assert asked(services, "EndHardship").case_id == CASE


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("review", CASE, ID, "UNCHANGED", "--review", "next year"), "--review"),
        (("review", CASE, ID, "UNCHANGED", "--review", "2026-03-10", "--need", "quiet"), "--need"),
        (("ask-for", CASE, ID, "PAYSLIP", "--due", "soon"), "--due"),
        (("review-hardship", CASE, ID, "forgiveness", "--review", "2026-03-10"), "MEASURE"),
    ],
)
def test_what_is_not_said_as_it_should_be_is_told_by_its_name(
    words: tuple[str, ...], option: str, started: Path, services: FakeServices, acuerdo: Acuerdo
) -> None:
    ran = acuerdo("circumstances", *words)
    assert (ran.exit_code, ran.err.split()[0]) == (2, option)
    assert services.asked == []


def test_a_refusal_is_told_by_its_name(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def over(request: object) -> None:
        raise Refusing(StatusCode.FAILED_PRECONDITION, "It is over already.", ErrorInfo(reason="HARDSHIP_IS_ENDED"))

    services.answers["EndHardship"] = over
    ran = acuerdo("circumstances", "end-hardship", CASE, ID, "WORKS_AGAIN", "--json")
    assert (ran.exit_code, ran.failure["reason"]) == (1, "HARDSHIP_IS_ENDED")
