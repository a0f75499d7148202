"""Links asked over gRPC: who may, what is refused and by which field, and that no request brings an answer that was not promised."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import pytest
from acuerdo.payments.v1 import links_pb2 as pb
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from tests.contracts.any_request import PROMISED, any_message
from tests.services.payments.links.house import ANOTHER_CASE, BEGIN, THE_CASE, THE_CLIENT, House, eur

REQUESTS_PER_METHOD = 120


def reason(refused: grpc.aio.AioRpcError) -> str:
    return detail(refused, ErrorInfo).reason


def detail(refused: grpc.aio.AioRpcError, kind: Any) -> Any:
    [raw] = [value for name, value in refused.trailing_metadata() or () if name == "grpc-status-details-bin"]
    found = kind()
    for each in Status.FromString(raw).details:
        if each.Unpack(found):
            return found
    raise AssertionError(f"no {kind.__name__}")


async def refusal(asked: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await asked
    return refused.value


async def test_a_case_that_payments_has_not_heard_of_has_no_links(payments: House) -> None:
    refused = await refusal(payments.issue(case_id=ANOTHER_CASE))
    assert (refused.code(), reason(refused)) == (grpc.StatusCode.NOT_FOUND, "CASE_IS_NOT_KNOWN_YET")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": pb.AMOUNT_RULE_KIND_FIXED}, "amount.amount"),
        ({"kind": pb.AMOUNT_RULE_KIND_PROMISE}, "amount.promise_id"),
        ({"least": eur(0)}, "amount.least.minor_units"),
        ({"expires_at": BEGIN - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": BEGIN + timedelta(days=91)}, "expires_at"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_whole_is_refused_by_its_field(payments: House, fields: dict[str, Any], field: str) -> None:
    refused = await refusal(payments.issue(**fields))
    assert refused.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert [one.field for one in detail(refused, BadRequest).field_violations] == [field]


async def test_a_client_sees_its_own_links_and_makes_none(payments: House) -> None:
    issued = await payments.issue()
    own = payments.bearer("client", client_ids=[str(THE_CLIENT)])
    shown = await payments.links.GetLink(pb.GetLinkRequest(link_id=issued.link_id), metadata=own)
    assert shown.link.case_id == str(THE_CASE)
    for others in (payments.bearer("client", client_ids=[str(UUID(int=9))]), payments.bearer("agent", tenant="another")):
        refused = await refusal(payments.links.GetLink(pb.GetLinkRequest(link_id=issued.link_id), metadata=others))
        assert (refused.code(), reason(refused)) == (grpc.StatusCode.NOT_FOUND, "LINK_IS_UNKNOWN")
    request = pb.IssueLinkRequest(request_id="c", case_id=str(THE_CASE), amount=pb.AmountAsked(kind=pb.AMOUNT_RULE_KIND_BALANCE))
    assert (await refusal(payments.links.IssueLink(request, metadata=own))).code() == grpc.StatusCode.PERMISSION_DENIED


async def test_what_was_revoked_is_revoked_and_what_was_never_made_is_not(payments: House) -> None:
    issued = await payments.issue()
    for request_id in ("a", "b"):
        revoke = pb.RevokeLinkRequest(request_id=request_id, link_id=issued.link_id, reason_code="WRONG")
        await payments.links.RevokeLink(revoke, metadata=payments.bearer("supervisor"))
    assert len(await payments.events("PaymentLinkRevoked")) == 1
    unknown = pb.RevokeLinkRequest(request_id="c", link_id=str(UUID(int=4)), reason_code="WRONG")
    assert reason(await refusal(payments.links.RevokeLink(unknown, metadata=payments.bearer("supervisor")))) == "LINK_IS_UNKNOWN"


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_request_is_answered_with_a_status_that_is_not_promised(payments: House, seed: int) -> None:
    chance = Random(seed)
    issued = await payments.issue()
    known = {"etag": ["", "", "1"], "case_id": [str(THE_CASE)], "link_id": [issued.link_id]}
    seen: set[grpc.StatusCode] = set()
    for method in pb.DESCRIPTOR.services_by_name["Links"].methods:
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, known)
            before = (await payments.log.head()).position
            status = grpc.StatusCode.OK
            try:
                await getattr(payments.links, method.name)(request, metadata=payments.bearer("agent", "supervisor"))
            except grpc.aio.AioRpcError as error:
                status = error.code()
            seen.add(status)
            assert status in PROMISED, f"{method.name}: {status}\n{request}"
            if status is not grpc.StatusCode.OK:
                assert (await payments.log.head()).position == before, f"{method.name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
