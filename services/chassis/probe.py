"""Asks a health door; the exit code is the answer.  python -m services.chassis.probe 127.0.0.1:7110"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ANSWER_WITHIN_SECONDS = 2


def probe(address: str) -> int:
    """0: it serves. 1: it says that it does not, or nothing."""
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(  # type: ignore[attr-defined]  # its stubs leave it out
                health_pb2.HealthCheckRequest(), timeout=ANSWER_WITHIN_SECONDS
            )
        except grpc.RpcError as failed:
            print(f"{address}: {failed.code().name}", file=sys.stderr)
            return 1
    return 0 if answer.status == health_pb2.HealthCheckResponse.SERVING else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one address: host:port")
    sys.exit(probe(sys.argv[1]))
