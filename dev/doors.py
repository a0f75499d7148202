"""The way in for the play and the proof: one channel to each service, with a token."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc.aio
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.log_pb2_grpc import LogStub
from acuerdo.common.v1.operations_pb2_grpc import OperationsStub
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub

MESSAGE_BYTES_MAX = 16 * 1024 * 1024


class _WithToken(grpc.AuthMetadataPlugin):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        callback((("authorization", f"Bearer {self._token}"),), None)


class Doors:
    """Stubs of the services at `addresses` (cases, strategy), all calls made with `token`. Loopback only: the channel is not encrypted."""

    def __init__(self, addresses: dict[str, str], token: str) -> None:
        self.names: Sequence[str] = tuple(addresses)
        credentials = grpc.composite_channel_credentials(
            grpc.local_channel_credentials(grpc.LocalConnectionType.LOCAL_TCP),
            grpc.metadata_call_credentials(_WithToken(token)),
        )
        options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
        self._channels = {name: grpc.aio.secure_channel(address, credentials, options=options) for name, address in addresses.items()}
        self.cases = CasesStub(self._channels["cases"])
        self.strategy = StrategyStub(self._channels["strategy"])
        self.logs = {name: LogStub(channel) for name, channel in self._channels.items()}
        self.operations = {name: OperationsStub(channel) for name, channel in self._channels.items()}

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.close()
