"""The way in: one channel to each service, every call with the caller's token."""

from __future__ import annotations

import ipaddress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import grpc
import grpc.aio
from acuerdo.cases.v1.promises_pb2_grpc import PromisesStub
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.log_pb2_grpc import LogStub
from acuerdo.common.v1.operations_pb2_grpc import OperationsStub
from acuerdo.contacts.v1.messages_pb2_grpc import MessagesStub
from acuerdo.contacts.v1.people_pb2_grpc import PeopleStub
from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsStub
from acuerdo.payments.v1.links_pb2_grpc import LinksStub
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsStub
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub

from clients.cli.endpoints import Endpoints

if TYPE_CHECKING:  # the generated stubs name these for the type checker only
    from acuerdo.cases.v1.promises_pb2_grpc import PromisesAsyncStub
    from acuerdo.cases.v1.service_pb2_grpc import CasesAsyncStub
    from acuerdo.common.v1.log_pb2_grpc import LogAsyncStub
    from acuerdo.common.v1.operations_pb2_grpc import OperationsAsyncStub
    from acuerdo.contacts.v1.messages_pb2_grpc import MessagesAsyncStub
    from acuerdo.contacts.v1.people_pb2_grpc import PeopleAsyncStub
    from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsAsyncStub
    from acuerdo.payments.v1.links_pb2_grpc import LinksAsyncStub
    from acuerdo.payments.v1.payments_pb2_grpc import PaymentsAsyncStub
    from acuerdo.strategy.v1.service_pb2_grpc import StrategyAsyncStub

MESSAGE_BYTES_MAX = 16 * 1024 * 1024


class _WithToken(grpc.AuthMetadataPlugin):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        callback((("authorization", f"Bearer {self._token}"),), None)


def is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Doors:
    """Stubs of the services. A service on this machine is spoken to in plaintext unless an authority is named, any other with TLS only."""

    def __init__(self, endpoints: Endpoints, token: str | None = None) -> None:
        """`token`: another one than the endpoints name."""
        self._endpoints, self._token = endpoints, token
        self._channels: dict[str, grpc.aio.Channel] = {}

    @property
    def cases(self) -> CasesAsyncStub:
        return CasesStub(self._channel("cases"))

    @property
    def messages(self) -> MessagesAsyncStub:
        return MessagesStub(self._channel("contacts"))

    @property
    def people(self) -> PeopleAsyncStub:
        return PeopleStub(self._channel("contacts"))

    @property
    def permits(self) -> PermitsAsyncStub:
        return PermitsStub(self._channel("contacts"))

    @property
    def promises(self) -> PromisesAsyncStub:
        return PromisesStub(self._channel("cases"))

    @property
    def strategy(self) -> StrategyAsyncStub:
        return StrategyStub(self._channel("strategy"))

    @property
    def payments(self) -> PaymentsAsyncStub:
        return PaymentsStub(self._channel("payments"))

    @property
    def links(self) -> LinksAsyncStub:
        return LinksStub(self._channel("payments"))

    def log(self, service: str) -> LogAsyncStub:
        return LogStub(self._channel(service))

    def operations(self, service: str) -> OperationsAsyncStub:
        return OperationsStub(self._channel(service))

    @property
    def services(self) -> list[str]:
        """Names of those whose address is known."""
        return list(self._endpoints.addresses)

    def _channel(self, service: str) -> grpc.aio.Channel:
        if service not in self._channels:
            address = self._endpoints.address(service)
            token = self._endpoints.token() if self._token is None else self._token
            credentials = grpc.composite_channel_credentials(self._transport(address), grpc.metadata_call_credentials(_WithToken(token)))
            options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
            self._channels[service] = grpc.aio.secure_channel(address, credentials, options=options)
        return self._channels[service]

    def _transport(self, address: str) -> grpc.ChannelCredentials:
        ca = self._endpoints.ca
        if is_loopback(address) and ca is None:
            return grpc.local_channel_credentials(grpc.LocalConnectionType.LOCAL_TCP)
        return grpc.ssl_channel_credentials(ca.read_bytes() if ca is not None else None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for channel in self._channels.values():
            await channel.close()
