"""What is asked: the calls that the client program knows. The same message goes to every server that is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from google.protobuf.message import Message

SERVICE = "/acuerdo.cases.v1.Cases/"
NOTE = "a note of an agent: says that the salary comes on the fifth, will pay on the sixth; asks to be called after six, not at work"
"""Sealed, it makes an event of about 300 bytes."""
PAGE_ROWS = 50
CHUNK_ROWS = 128
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Target:
    """What the calls of one caller are about."""

    case_id: str = ""
    debt_id: str = ""
    portfolio_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    answer: type[Any]
    make: Callable[[Target, str, Message | None], Any]
    """(target, request id, the caller's last answer) -> the request."""
    is_change: bool = True


def _note(target: Target, request_id: str, _last: Message | None) -> Any:
    return pb.RecordFactRequest(
        request_id=request_id, case_id=target.case_id, key="note", value=NOTE, source="agent", confidence=types.CONFIDENCE_STATED
    )


def _register_client(_target: Target, request_id: str, _last: Message | None) -> Any:
    return pb.RegisterClientRequest(request_id=request_id, external_ref=request_id, name="A Bank")


def _adjust(target: Target, request_id: str, _last: Message | None) -> Any:
    amount = Money(currency_code=CURRENCY, minor_units=1)
    return pb.AdjustBalanceRequest(
        request_id=request_id,
        case_id=target.case_id,
        debt_id=target.debt_id,
        deltas=[types.ComponentAmount(component=types.COMPONENT_INTEREST, amount=amount)],
        reason=types.ADJUSTMENT_REASON_INTEREST,
        source_ref="bench",
    )


def _get(target: Target, _request_id: str, _last: Message | None) -> Any:
    return pb.GetCaseRequest(case_id=target.case_id)


def _page(target: Target, _request_id: str, last: Any) -> Any:
    """The next page; after the last one the first."""
    token = last.next_page_token if last is not None else ""
    return pb.ListCasesRequest(portfolio_id=target.portfolio_id, page_size=PAGE_ROWS, page_token=token)


CALLS: Mapping[str, Call] = {
    "note": Call("RecordFact", pb.RecordFactResponse, _note),
    "client": Call("RegisterClient", pb.RegisterClientResponse, _register_client),
    "adjust": Call("AdjustBalance", pb.AdjustBalanceResponse, _adjust),
    "get": Call("GetCase", pb.GetCaseResponse, _get, is_change=False),
    "page": Call("ListCases", pb.ListCasesResponse, _page, is_change=False),
}


def targets_of(given: Sequence[Mapping[str, str]]) -> list[Target]:
    """As they come from another process."""
    return [Target(**each) for each in given]
