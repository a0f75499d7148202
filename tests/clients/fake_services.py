"""A fake of the services, in process, behind real gRPC: it answers as told, so that the command line can be tested without a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1.promises_pb2_grpc import PromisesServicer, add_PromisesServicer_to_server
from acuerdo.cases.v1.service_pb2_grpc import CasesServicer, add_CasesServicer_to_server
from acuerdo.common.v1 import log_pb2 as log
from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.common.v1.log_pb2_grpc import LogServicer, add_LogServicer_to_server
from acuerdo.common.v1.operations_pb2_grpc import OperationsServicer, add_OperationsServicer_to_server
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1.messages_pb2_grpc import MessagesServicer, add_MessagesServicer_to_server
from acuerdo.contacts.v1.people_pb2_grpc import PeopleServicer, add_PeopleServicer_to_server
from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsServicer, add_PermitsServicer_to_server
from acuerdo.payments.v1 import links_pb2 as links
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1.links_pb2_grpc import LinksServicer, add_LinksServicer_to_server
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsServicer, add_PaymentsServicer_to_server
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1.service_pb2_grpc import StrategyServicer, add_StrategyServicer_to_server
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc import StatusCode

TOKEN = "a-token"

Answer = Message | list[Message] | Callable[[Any], Any]


class Refusing(Exception):
    """Makes a fake method end with a status and its details."""

    def __init__(self, code: StatusCode, message: str, *details: Message) -> None:
        self.code, self.message, self.details = code, message, details


class FakeServices:
    """`answers[method]` is what a method answers: a message, a list for a stream, or a function of the request; `asked`, what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, Message]] = []
        self.tokens: set[str] = set()
        # On threads: the command line under test has the only event loop, as it has when a person runs it.
        self._server = grpc.server(ThreadPoolExecutor(4))
        add_CasesServicer_to_server(_faked(self, CasesServicer, cases.DESCRIPTOR.services_by_name["Cases"]), self._server)
        add_PromisesServicer_to_server(_faked(self, PromisesServicer, promises.DESCRIPTOR.services_by_name["Promises"]), self._server)
        add_StrategyServicer_to_server(_faked(self, StrategyServicer, strategy.DESCRIPTOR.services_by_name["Strategy"]), self._server)
        add_MessagesServicer_to_server(_faked(self, MessagesServicer, messages.DESCRIPTOR.services_by_name["Messages"]), self._server)
        add_PeopleServicer_to_server(_faked(self, PeopleServicer, people.DESCRIPTOR.services_by_name["People"]), self._server)
        add_LinksServicer_to_server(_faked(self, LinksServicer, links.DESCRIPTOR.services_by_name["Links"]), self._server)
        add_PaymentsServicer_to_server(_faked(self, PaymentsServicer, payments.DESCRIPTOR.services_by_name["Payments"]), self._server)
        add_PermitsServicer_to_server(_faked(self, PermitsServicer, permits.DESCRIPTOR.services_by_name["Permits"]), self._server)
        add_LogServicer_to_server(_faked(self, LogServicer, log.DESCRIPTOR.services_by_name["Log"]), self._server)
        add_OperationsServicer_to_server(
            _faked(self, OperationsServicer, operations.DESCRIPTOR.services_by_name["Operations"]), self._server
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def requests(self, method: str) -> list[Any]:
        return [request for name, request in self.asked if name == method]

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait(10)

    def answer(self, method: str, request: Any, context: Any) -> Any:
        self.tokens |= {value for name, value in context.invocation_metadata() if name == "authorization"}
        self.asked.append((method, request))
        said = self.answers[method]
        return said(request) if callable(said) else said


def _faked(fake: FakeServices, servicer: type, service: Any) -> Any:
    methods = {
        method.name: (_stream if method.client_streaming else _replies if method.server_streaming else _single)(fake, method.name)
        for method in service.methods
    }
    return type(f"Fake{servicer.__name__}", (servicer,), methods)()


def _single(fake: FakeServices, name: str) -> Any:
    def method(self: Any, request: Any, context: Any) -> Any:
        try:
            return fake.answer(name, request, context)
        except Refusing as refusing:
            _refuse(refusing, context)

    return method


def _replies(fake: FakeServices, name: str) -> Any:
    def method(self: Any, request: Any, context: Any) -> Iterator[Any]:
        try:
            yield from fake.answer(name, request, context)
        except Refusing as refusing:
            _refuse(refusing, context)

    return method


def _stream(fake: FakeServices, name: str) -> Any:
    def method(self: Any, requests: Any, context: Any) -> Iterator[Any]:
        try:
            for request in requests:
                yield fake.answer(name, request, context)
        except Refusing as refusing:
            _refuse(refusing, context)

    return method


def _refuse(refusing: Refusing, context: Any) -> None:
    if refusing.details:
        status = Status(code=refusing.code.value[0], message=refusing.message)
        for detail in refusing.details:
            packed = AnyMessage()
            packed.Pack(detail)
            status.details.append(packed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(refusing.code, refusing.message)
