"""A collector that takes every span and metric and keeps none: what exporting costs a service is measured, not what a collector does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from dev.ports import LOOPBACK


class _Taken(grpc.GenericRpcHandler):
    """Every OTLP export is answered by an empty message: all was taken."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")


@contextmanager
def collecting() -> Iterator[str]:
    """Its endpoint."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((_Taken(),))
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.stop(grace=1).wait()
