"""How the command line speaks to a service: in plaintext on this machine, with TLS wherever an authority is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from dev.certificates import Authority


class Empty(log_pb2_grpc.LogServicer):
    async def Head(self, request: Any, context: Any) -> log_pb2.HeadResponse:
        return log_pb2.HeadResponse()


@pytest.mark.parametrize(("has_authority", "is_reached"), [(True, True), (False, False)])
async def test_a_service_with_a_certificate_on_this_machine_is_spoken_to_with_tls(
    tmp_path: Path, has_authority: bool, is_reached: bool
) -> None:
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.write(tmp_path, "cases", names=("localhost",))
    server = grpc.aio.server()
    log_pb2_grpc.add_LogServicer_to_server(Empty(), server)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())]))
    await server.start()
    endpoints = Endpoints({"cases": f"localhost:{port}"}, ca=authority.certificate if has_authority else None)
    try:
        async with Doors(endpoints, token="a.b.c") as doors:
            if is_reached:
                assert await doors.log("cases").Head(log_pb2.HeadRequest(), timeout=5) == log_pb2.HeadResponse()
            else:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await doors.log("cases").Head(log_pb2.HeadRequest(), timeout=5)
                assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        await server.stop(None)
