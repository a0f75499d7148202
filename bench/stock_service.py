"""The stock library behind grpc, as one would write it: a threaded server, aggregates in memory, `save` for each call.

python -m bench.stock_service <port> <dsn>
"""

from __future__ import annotations

import signal
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.common.v1.types_pb2 import Receipt

from bench.rivals import STOCK_THREADS, Note, stock_application
from dev.ports import LOOPBACK


class StockService:
    """A note on a case: one event, one optimistic version check, one durable commit. No token, no rules, no sealing, no repeats."""

    def __init__(self, dsn: str) -> None:
        self._application = stock_application(dsn, STOCK_THREADS)
        self._notes: dict[str, Note] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def record_fact(self, request: pb.RecordFactRequest, _context: Any) -> pb.RecordFactResponse:
        with self._locks[request.case_id]:
            note = self._notes.get(request.case_id)
            if note is None:
                note = self._notes[request.case_id] = Note()
            note.note(request.value)
            self._application.save(note)
            version = note.version
        receipt = Receipt(stream_id=request.case_id, version=version, position=version)
        return pb.RecordFactResponse(receipt=receipt, fact_id=request.case_id)


def serve(port: int, dsn: str) -> None:
    """Until SIGTERM."""
    handler = grpc.unary_unary_rpc_method_handler(
        StockService(dsn).record_fact,
        request_deserializer=pb.RecordFactRequest.FromString,
        response_serializer=pb.RecordFactResponse.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(STOCK_THREADS), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("acuerdo.cases.v1.Cases", {"RecordFact": handler}),))
    server.add_insecure_port(f"{LOOPBACK}:{port}")
    server.start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    server.stop(None).wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
