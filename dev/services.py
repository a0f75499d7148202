"""A service as a child process of ours: its migrations, its secrets, what it is told from outside, and whether it serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from dev.issuer import Issuer, kept_secret
from dev.listening import ListeningProcess, ServerFailed
from dev.ports import LOOPBACK

SERVICES = {"cases": 7101, "strategy": 7102, "contacts": 7103, "payments": 7104}
"""With the port each has for people."""
READY_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 30.0
MIGRATED_WITHIN_SECONDS = 120
TOKEN_LIFE_SECONDS = 30 * 86_400
KEYS = ("kek", "claims", "payloads", "pages", "links", "provider")


class Secrets:
    """Key files of a stack and its services' own tokens, under `home`; made once, kept afterwards."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def write(self, issuer: Issuer, services: Iterable[str]) -> None:
        self._home.mkdir(mode=0o700, exist_ok=True)
        for name in KEYS:
            kept_secret(self._home / name)
        for service in services:
            token = issuer.token(f"{service}-worker", ["system"], tenant="*", life_seconds=TOKEN_LIFE_SECONDS)
            write_private(self._home / f"{service}.token", token)

    @property
    def link_key(self) -> Path:
        """Of which the tokens of payment links are made."""
        return self._home / "links"

    def environment(self, service: str) -> dict[str, str]:
        """Where the service finds them."""
        return {
            "ACUERDO_PEER_TOKEN_FILE": str(self._home / f"{service}.token"),
            "ACUERDO_KEK_FILE": str(self._home / "kek"),
            "ACUERDO_CLAIM_KEY_FILE": str(self._home / "claims"),
            "ACUERDO_PAYLOAD_KEY_FILE": str(self._home / "payloads"),
            "ACUERDO_PAGE_KEY_FILE": str(self._home / "pages"),
        }


class ServiceProcess:
    """`python -m services.<name> all`, or another command that opens one of its doors."""

    def __init__(self, name: str, home: Path, port: int, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        """`command`: words after the interpreter's."""
        self.name, self.port, self.environment = name, port, environment
        self.command = tuple(command) or ("-m", f"services.{name}", "all")
        self.process = ListeningProcess(name, home, port, signal.SIGTERM, signal.SIGKILL)

    def __enter__(self) -> Self:
        """Started, and serving."""
        self.process.own()
        try:
            self.process.start(
                [sys.executable, *self.command], self.is_serving, READY_WITHIN_SECONDS, environment=self._whole_environment()
            )
        except BaseException:
            self.process.stop(STOP_WITHIN_SECONDS)
            raise
        return self

    def spawn(self) -> None:
        """Started, and not waited for."""
        self.process.own()
        try:
            self.process.start([sys.executable, *self.command], lambda: True, 0, environment=self._whole_environment())
        except BaseException:
            self.process.stop(STOP_WITHIN_SECONDS)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.stop(STOP_WITHIN_SECONDS)

    def is_serving(self) -> bool:
        """Whether its health check says so."""
        with grpc.insecure_channel(f"{LOOPBACK}:{self.port}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(  # type: ignore[attr-defined]  # its stubs leave it out
                    health_pb2.HealthCheckRequest(), timeout=1
                )
            except grpc.RpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def _whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def migrate(service: str, dsn: str) -> None:
    """In a process of its own, as in production: nothing here imports a service."""
    ran = subprocess.run(
        [sys.executable, "-m", "services.chassis.migrate", service, dsn],
        check=False,
        capture_output=True,
        text=True,
        timeout=MIGRATED_WITHIN_SECONDS,
    )
    if ran.returncode != 0:
        raise ServerFailed(f"the migrations of {service} failed:\n{ran.stderr[-2000:]}")


def write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(text)
