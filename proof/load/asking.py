"""Asks for a method by its door and name: request and reply are found in the contracts, and what a reply shows is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.strategy.v1 import service_pb2 as strategy
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from proof.load.calling import Caller, Told
from proof.load.knowing import Answered, Book

CASES = "acuerdo.cases.v1."


async def ask(caller: Caller, book: Book, method: str, *, known: Mapping[str, int] | None = None, **fields: Any) -> Told:
    """`method`: `Cases/GetCase`, `Permits/RequestPermit` …"""
    request = GetMessageClass(METHODS[method].input_type)(**fields)
    return await ask_for(caller, book, method, request, known=known)


async def ask_for(caller: Caller, book: Book, method: str, request: Any, *, known: Mapping[str, int] | None = None) -> Told:
    described = METHODS[method]
    name = f"{described.containing_service.full_name}/{described.name}"
    kind = GetMessageClass(described.output_type)
    told = await caller.ask(name, request, kind, seen, at_least=known, is_chunk=described.client_streaming)
    if told.is_ok:
        receipt = getattr(told.reply, "receipt", None)
        position = receipt.position if receipt is not None else getattr(told.reply, "position", 0)
        book.learn(seen(told.reply), position if name.startswith(CASES) else 0)
        if getattr(request, "request_id", ""):
            book.answered.append(Answered(method, request))
    return told


def seen(reply: Any) -> dict[str, int]:
    """The streams a reply speaks of, with their versions where it says them."""
    if isinstance(reply, cases.GetCaseResponse):
        return {reply.case.case_id: int(reply.case.etag)}
    if isinstance(reply, cases.ListCasesResponse):
        return {case.case_id: int(case.etag) for case in reply.cases}
    if "outcomes" in reply.DESCRIPTOR.fields_by_name:
        return {row.case_id: row.version for row in reply.outcomes if row.case_id}
    if "receipt" in reply.DESCRIPTOR.fields_by_name and reply.receipt.stream_id:
        return {reply.receipt.stream_id: reply.receipt.version}
    return {}


def _methods() -> dict[str, MethodDescriptor]:
    files = (cases, promises, people, permits, messages, payments, strategy)
    services = [service for file in files for service in file.DESCRIPTOR.services_by_name.values()]
    return {f"{service.name}/{method.name}": method for service in services for method in service.methods}


METHODS = _methods()
"""Of all services, by door and name."""
