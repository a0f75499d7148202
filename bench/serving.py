"""Services as processes, as they run in production: real time, real tokens, metrics counted, one database each group."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
import psycopg

from bench.place import Place
from dev.issuer import Issuer
from dev.listening import ListeningProcess
from dev.ports import LOOPBACK, free_port
from dev.services import Secrets, ServiceProcess

TENANT = "bench"
ROLES = ("agent", "supervisor", "operator")
PLATFORM_ROLES = ("system", "operator")
READY_SECONDS = 30.0
STOP_SECONDS = 30.0
CAUGHT_UP_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.02
NOWHERE = f"{LOOPBACK}:9"


class House:
    """Keys, tokens, and the service processes that were started; stopped in reverse."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.issuer = Issuer(place.home / "issuer")
        self._secrets = Secrets(place.home / "keys")
        self._secrets.write(self.issuer, ("cases", "contacts", "payments", "strategy"))
        self.token = self.issuer.token("bench", ROLES, tenant=TENANT)
        self._started = ExitStack()

    def serve(self, name: str, dsn: str, service: str = "cases", door: str = "api", **settings: str) -> Serving:
        """`python -m services.<service> <door>`, serving when this returns. `settings`: more of the service's, by field name."""
        port = int(settings.pop("port", free_port()))
        environment = {
            **self._secrets.environment(service),
            "ACUERDO_LISTEN": f"{LOOPBACK}:{port}",
            "ACUERDO_POSTGRES": dsn,
            "ACUERDO_KAFKA": self._place.kafka or NOWHERE,
            "ACUERDO_PEERS": f"cases={NOWHERE},strategy={NOWHERE}",
            "ACUERDO_JWKS": str(self.issuer.jwks),
            "ACUERDO_METRICS_LISTEN": f"{LOOPBACK}:{free_port()}",
            **{f"ACUERDO_{field.upper()}": value for field, value in settings.items()},
        }
        process = ServiceProcess(service, self._place.home / name, port, environment, ("-m", f"services.{service}", door))
        self._started.enter_context(process)
        return Serving(f"{LOOPBACK}:{port}", process.process)

    def run(self, name: str, module: str, *words: str) -> Serving:
        """`python -m bench.<module> <port> …`: a peer that listens, in a process of its own."""
        port = free_port()
        process = ListeningProcess(module, self._place.home / name, port, signal.SIGTERM, signal.SIGKILL)
        process.own()
        self._started.callback(process.stop, STOP_SECONDS)
        process.start([sys.executable, "-m", f"bench.{module}", str(port), *words], lambda: _answers(port), READY_SECONDS)
        return Serving(f"{LOOPBACK}:{port}", process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._started.close()


class Serving:
    """One process that listens."""

    def __init__(self, address: str, process: ListeningProcess) -> None:
        self.address = address
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        """What the process has used until now, in all its threads: it says what a call costs, however busy the machine is."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_followed(dsn: str, followers: Sequence[str], schema: str = "cases") -> float:
    """Seconds until these followers of the service's own log ("relay", "view:cases") stand at its head."""
    began = time.monotonic()
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            head = connection.execute(f"SELECT position FROM {schema}.log_counter".encode()).fetchone()
            rows: Mapping[str, int] = dict(
                connection.execute(
                    f"SELECT follower, max(position) FROM {schema}.positions WHERE follower = ANY (%s) GROUP BY 1".encode(),
                    (list(followers),),
                ).fetchall()
            )
            if head is not None and all(rows.get(name, 0) >= head[0] for name in followers):
                return time.monotonic() - began
            if time.monotonic() - began > CAUGHT_UP_SECONDS:
                raise TimeoutError(f"{rows} of {head}: the followers do not catch up")
            time.sleep(LOOK_AGAIN_SECONDS)


def _answers(port: int) -> bool:
    with grpc.insecure_channel(f"{LOOPBACK}:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=1)
        except grpc.FutureTimeoutError:
            return False
    return True
