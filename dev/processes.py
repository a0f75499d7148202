"""The local stack: PostgreSQL, a broker and the services as child processes, with keys and tokens of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from dev.broker import EmbeddedBroker
from dev.issuer import Issuer
from dev.keyring import TENANT, Keyring
from dev.ports import LOOPBACK, free_port, is_free
from dev.postgres import Postgres
from dev.provider import ProviderProcess
from dev.services import SERVICES, ServiceProcess, migrate
from dev.sink import SinkProcess

WORLD = (7180, 7125, 7190)
"""Ports of the payment pages, the mail sink and the payment provider."""
CLOCK_BEGINS = datetime(2005, 1, 1, tzinfo=UTC)
"""Of the development clock, in a new database: before the sample's first day."""


class Stack:
    """Everything on this machine, under `home`. `kafka` and `postgres` name servers that run elsewhere; None: our own.

    `ports` are what each service listens on, unless somebody else does already. `zone`: in which the payment provider's days begin.
    """

    def __init__(
        self,
        home: Path,
        kafka: str | None = None,
        postgres: str | None = None,
        *,
        ports: Mapping[str, int] = SERVICES,
        zone: str = "Europe/Madrid",
    ) -> None:
        self._home, self._ports = home.resolve(), ports
        self._kafka, self._postgres, self._zone = kafka, postgres, zone
        self._started = ExitStack()
        self.kafka = ""
        self.addresses: dict[str, str] = {}
        self._keyring = Keyring(self._home)

    @property
    def token_file(self) -> Path:
        """Holds a token for people at this machine: all their roles, for trying things out."""
        return self._keyring.token_file

    @property
    def issuer(self) -> Issuer:
        return self._keyring.issuer

    def doors(self, role: str = "") -> Doors:
        """The way in, with that token, or with that of somebody who has one role."""
        endpoints = Endpoints(self.addresses, token_file=self.token_file)
        return Doors(endpoints, endpoints.token(role) if role else None)

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
            migrate(service, dsn)
        self._keyring.write(SERVICES)
        ports = {service: port if is_free(port) else free_port() for service, port in self._ports.items()}
        self.addresses = {service: f"{LOOPBACK}:{port}" for service, port in ports.items()}
        self._open_the_world(say)
        for service in SERVICES:
            say(service)
            self._started.enter_context(ServiceProcess(service, self._home / service, ports[service], self._environment(service, dsn)))
        self._write_endpoints()

    def _open_the_world(self, say: Callable[[str], None]) -> None:
        """What lies outside our services: mail that goes nowhere, a provider that moves no money, and the door it calls back at."""
        say("mail sink, payment provider")
        # Several stacks beside one another, as in tests, never meet at the ports that people know.
        known = WORLD if self._ports is SERVICES else (free_port(), free_port(), free_port())
        web, mail, provider = (port if is_free(port) else free_port() for port in known)
        self.pages = f"{LOOPBACK}:{web}"
        self.sink = self._started.enter_context(SinkProcess(self._home / "mail", mail))
        webhook = f"http://{self.pages}/webhooks/sandbox"
        self.provider = self._started.enter_context(
            ProviderProcess(self._home / "provider", provider, self._home / "keys" / "provider", webhook, self._zone)
        )

    def stop(self) -> None:
        """In reverse; the data stays."""
        self._started.close()

    def _environment(self, service: str, dsn: str) -> dict[str, str]:
        return {
            **self._keyring.secrets.environment(service),
            "ACUERDO_LISTEN": self.addresses[service],
            "ACUERDO_REFLECTION": "true",
            "ACUERDO_POSTGRES": dsn,
            "ACUERDO_KAFKA": self.kafka,
            # The embedded broker does not know idempotent producers; position and previous make repeats harmless.
            "ACUERDO_KAFKA_IDEMPOTENT": "false" if self._kafka is None else "true",
            "ACUERDO_PEERS": ",".join(f"{peer}={address}" for peer, address in self.addresses.items() if peer != service),
            "ACUERDO_JWKS": str(self.issuer.jwks),
            **self._world(service),
            "ACUERDO_DEVELOPMENT_CLOCK": "true",
            "ACUERDO_DEVELOPMENT_CLOCK_BEGINS": CLOCK_BEGINS.isoformat(),
        }

    def _world(self, service: str) -> dict[str, str]:
        """What the service is told of those outside."""
        if service == "contacts":
            return {
                "ACUERDO_CONTACTS_SMTP_HOST": LOOPBACK,
                "ACUERDO_CONTACTS_RETRY_SECONDS_MIN": "0.5",
                "ACUERDO_CONTACTS_SMTP_PORT": str(self.sink.port),
                "ACUERDO_CONTACTS_MAILBOX": str(self.sink.mailbox),
                "ACUERDO_CONTACTS_LINKS_URL": f"http://{self.pages}/pay/",
                "ACUERDO_CONTACTS_LINK_KEY_FILE": str(self._home / "keys" / "links"),
            }
        if service == "payments":
            return {
                "ACUERDO_WEB_LISTEN": self.pages,
                "ACUERDO_WEB_PUBLIC_URL": f"http://{self.pages}",
                # The sample's debtors all call from this machine.
                "ACUERDO_WEB_REQUESTS_PER_MINUTE": "100000",
                "ACUERDO_PROVIDER_URL": self.provider.url,
                "ACUERDO_PROVIDER_SECRET_FILE": str(self._home / "keys" / "provider"),
            }
        return {}

    def _write_endpoints(self) -> None:
        endpoints = {
            **self.addresses,
            "pages": f"http://{self.pages}",
            "mail": str(self.sink.home / "mail"),
            "provider": self.provider.url,
            "kafka": self.kafka,
            "token_file": str(self.token_file),
            "tenant": TENANT,
        }
        (self._home / "endpoints.json").write_text(json.dumps(endpoints, indent=2) + "\n")
