"""The local stack: PostgreSQL, a broker and the services as child processes, with keys and tokens of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from dev.broker import EmbeddedBroker
from dev.issuer import Issuer, kept_secret
from dev.listening import ListeningProcess, ServerFailed
from dev.ports import LOOPBACK, free_port, is_free
from dev.postgres import Postgres

SERVICES = {"cases": 7101, "strategy": 7102}
"""With the port each has unless somebody else has it."""
TENANT = "demo"
ROLES = ("operator", "supervisor", "auditor", "compliance", "agent", "system")
READY_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 30.0
KEYS = ("kek", "claims", "payloads", "pages")
CLOCK_BEGINS = datetime(2005, 1, 1, tzinfo=UTC)
"""Of the development clock, in a new database: before the sample's first day."""


class Stack:
    """Everything on this machine, under `home`. `kafka` and `postgres` name servers that run elsewhere; None: our own."""

    def __init__(self, home: Path, kafka: str | None = None, postgres: str | None = None) -> None:
        self._home = home.resolve()
        self._kafka, self._postgres = kafka, postgres
        self._started = ExitStack()
        self.kafka = ""
        self.addresses: dict[str, str] = {}
        self.issuer = Issuer(self._home / "issuer")

    @property
    def token_file(self) -> Path:
        """Holds a token for people at this machine: all their roles, for trying things out."""
        return self._home / "token"

    def doors(self) -> Doors:
        """The way in, with that token."""
        return Doors(Endpoints(self.addresses, token_file=self.token_file))

    def start(self, say: Callable[[str], None]) -> None:
        """In order; what has started is stopped again when something later fails."""
        try:
            self._start(say)
        except BaseException:
            self.stop()
            raise

    def _start(self, say: Callable[[str], None]) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        dsn = self._postgres
        if dsn is None:
            say("PostgreSQL")
            dsn = self._started.enter_context(Postgres(self._home / "postgres")).dsn
        self.kafka = self._kafka or ""
        if not self.kafka:
            say("broker")
            self.kafka = self._started.enter_context(EmbeddedBroker(self._home / "broker")).bootstrap
        for service in SERVICES:
            say(f"migrations of {service}")
            _migrate(service, dsn)
        self._write_secrets()
        ports = {service: port if is_free(port) else free_port() for service, port in SERVICES.items()}
        self.addresses = {service: f"{LOOPBACK}:{port}" for service, port in ports.items()}
        for service in SERVICES:
            say(service)
            self._started.enter_context(_ServiceProcess(service, self._home / service, ports[service], self._environment(service, dsn)))
        self._write_endpoints()

    def stop(self) -> None:
        """In reverse; the data stays."""
        self._started.close()

    def _write_secrets(self) -> None:
        keys = self._home / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        for name in KEYS:
            kept_secret(keys / name)
        for service in SERVICES:
            _write_private(
                keys / f"{service}.token", self.issuer.token(f"{service}-worker", ["system"], tenant="*", life_seconds=30 * 86_400)
            )
        _write_private(self.token_file, self.issuer.token("demo", ROLES, tenant=TENANT))
        (self._home / "tokens").mkdir(mode=0o700, exist_ok=True)
        for role in ROLES:
            _write_private(self._home / "tokens" / role, self.issuer.token(f"demo-{role}", [role], tenant=TENANT))

    def _environment(self, service: str, dsn: str) -> dict[str, str]:
        keys = self._home / "keys"
        return {
            **os.environ,
            "ACUERDO_LISTEN": self.addresses[service],
            "ACUERDO_REFLECTION": "true",
            "ACUERDO_POSTGRES": dsn,
            "ACUERDO_KAFKA": self.kafka,
            # The embedded broker does not know idempotent producers; position and previous make repeats harmless.
            "ACUERDO_KAFKA_IDEMPOTENT": "false" if self._kafka is None else "true",
            "ACUERDO_PEERS": ",".join(f"{peer}={address}" for peer, address in self.addresses.items() if peer != service),
            "ACUERDO_PEER_TOKEN_FILE": str(keys / f"{service}.token"),
            "ACUERDO_JWKS": str(self.issuer.jwks),
            "ACUERDO_KEK_FILE": str(keys / "kek"),
            "ACUERDO_CLAIM_KEY_FILE": str(keys / "claims"),
            "ACUERDO_PAYLOAD_KEY_FILE": str(keys / "payloads"),
            "ACUERDO_PAGE_KEY_FILE": str(keys / "pages"),
            "ACUERDO_DEVELOPMENT_CLOCK": "true",
            "ACUERDO_DEVELOPMENT_CLOCK_BEGINS": CLOCK_BEGINS.isoformat(),
        }

    def _write_endpoints(self) -> None:
        endpoints = {**self.addresses, "kafka": self.kafka, "token_file": str(self.token_file), "tenant": TENANT}
        (self._home / "endpoints.json").write_text(json.dumps(endpoints, indent=2) + "\n")


class _ServiceProcess:
    """`python -m services.<name> all`, ready when its health check says so."""

    def __init__(self, name: str, home: Path, port: int, environment: dict[str, str]) -> None:
        self._name, self._port, self._environment = name, port, environment
        self._process = ListeningProcess(name, home, port, signal.SIGTERM, signal.SIGKILL)

    def __enter__(self) -> Self:
        self._process.own()
        command = [sys.executable, "-m", f"services.{self._name}", "all"]
        try:
            self._process.start(command, self._is_serving, READY_WITHIN_SECONDS, environment=self._environment)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.stop(STOP_WITHIN_SECONDS)

    def _is_serving(self) -> bool:
        with grpc.insecure_channel(f"{LOOPBACK}:{self._port}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(  # type: ignore[attr-defined]  # its stubs leave it out
                    health_pb2.HealthCheckRequest(), timeout=1
                )
            except grpc.RpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _migrate(service: str, dsn: str) -> None:
    """In a process of its own, as in production: nothing here imports a service."""
    ran = subprocess.run(
        [sys.executable, "-m", "services.chassis.migrate", service, dsn], check=False, capture_output=True, text=True, timeout=120
    )
    if ran.returncode != 0:
        raise ServerFailed(f"the migrations of {service} failed:\n{ran.stderr[-2000:]}")


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(text)
