"""`python -m proof.chaos.asking ADDRESS METHOD REQUEST_ID TOKEN_FILE`: one order to a service's Operations; prints the status.

A process of its own, for gRPC's threads and the forks of who starts processes do not go together: the forked child may crash.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grpc
from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.common.v1.operations_pb2_grpc import OperationsStub

ANSWERED_WITHIN_SECONDS = 5.0


def main() -> int:
    address, method, request_id, token_file = sys.argv[1:]
    metadata = (("authorization", f"Bearer {Path(token_file).read_text().strip()}"),)
    request = getattr(operations, f"{method}Request")(request_id=request_id)
    with grpc.insecure_channel(address) as channel:
        try:
            getattr(OperationsStub(channel), method)(request, metadata=metadata, timeout=ANSWERED_WITHIN_SECONDS)
        except grpc.RpcError as error:
            print(error.code().name)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
