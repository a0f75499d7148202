"""The rig: a real Kafka, a real PostgreSQL and the services as processes, each link through a proxy of its own where wanted.

Whatever happens, nothing is left running: `with Rig(home) as rig: …`. Use it from the main thread (the kernel ties children to it).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from dev.issuer import Issuer
from dev.kafka import HOME as KAFKA_HOME
from dev.kafka import Kafka
from dev.listening import ServerFailed
from dev.ports import LOOPBACK, free_port
from dev.postgres import Postgres
from dev.services import READY_WITHIN_SECONDS, Secrets, migrate, write_private
from dev.sink import SinkProcess
from proof.members import APART, HOUSE, LOOK_EVERY_SECONDS, TOGETHER, Exit, Member, Members, runs
from proof.postgres_wire import Losses
from proof.proxy import Proxy, in_a_thread
from proof.quiet import Quiet, until_quiet

__all__ = ["APART", "BROKER", "HOUSE", "POSTGRES", "ROLES", "TOGETHER", "Exit", "Member", "Rig"]

POSTGRES, BROKER = "postgres", "kafka"
"""Names of the servers, beside those of the services' processes."""
ROLES = ("operator", "supervisor", "auditor", "compliance", "agent", "system")
NOWHERE = f"{LOOPBACK}:9"
"""Of a service that is not in the layout: nobody answers there."""
QUIET_WITHIN_SECONDS = 60.0
ALWAYS_HEARD = ("cases", "strategy")
"""These two do not start without an address of one another, there or not; of the others they hear where there is one."""


class Rig:
    """All of it, under `home`."""

    def __init__(self, home: Path, layout: Mapping[str, Member] = TOGETHER, *, links: bool = False, kafka: bool = True) -> None:
        """`links`: a proxy on each link. `kafka` False: a service finds no broker, for what needs none and must be quick."""
        self.home = home.resolve()
        self.services = tuple(dict.fromkeys(member.service for member in layout.values()))
        self.issuer = Issuer(self.home / "issuer")
        self.losses: dict[str, Losses] = {name: Losses() for name in layout} if links else {}
        """What is lost of PostgreSQL's answers to each process."""
        self._secrets = Secrets(self.home / "keys")
        self._opened = ExitStack()
        self._postgres = Postgres(self.home / POSTGRES, free_port())
        self._ways = {_way(name): free_port() for name in layout} if links else {}
        self._kafka = Kafka(KAFKA_HOME, self.home / BROKER, free_port(), ways=self._ways)
        self._servers: dict[str, Postgres | Kafka] = {POSTGRES: self._postgres, **({BROKER: self._kafka} if kafka else {})}
        self._ports = {name: free_port() for name in layout}
        self._sink = SinkProcess(self.home / "sink", free_port()) if "contacts" in self.services else None
        self._members = Members(self.home, layout, self._ports, self._environment)
        self._proxies: dict[tuple[str, str], Proxy] = {}
        self._frozen: set[str] = set()

    # What it is --------------------------------------------------------------------------------------------------------

    @property
    def layout(self) -> Mapping[str, Member]:
        return self._members.layout

    @property
    def exits(self) -> Sequence[Exit]:
        """Of processes that ended unasked, in order."""
        return self._members.exits

    @property
    def dsn(self) -> str:
        """A superuser's, past all proxies."""
        return self._postgres.dsn

    @property
    def bootstrap(self) -> str:
        """Kafka's, past all proxies."""
        return self._kafka.bootstrap

    @property
    def addresses(self) -> dict[str, list[str]]:
        """gRPC addresses by service: one for each process with a door to ask at."""
        found: dict[str, list[str]] = {service: [] for service in self.services}
        for name, member in self.layout.items():
            if member.door != "worker":
                found[member.service].append(f"{LOOPBACK}:{self._ports[name]}")
        return found

    @property
    def endpoints(self) -> dict[str, str]:
        """The first address of each service."""
        return {service: addresses[0] for service, addresses in self.addresses.items() if addresses}

    @property
    def outputs(self) -> list[Path]:
        """Every file that a process of ours has written for people: logs, those of earlier starts too."""
        return sorted(self.home.glob("*/*.log"))

    @property
    def links(self) -> Mapping[tuple[str, str], Proxy]:
        """By (process, POSTGRES or BROKER); empty without links."""
        return self._proxies

    def link(self, name: str, to: str) -> Proxy:
        return self._proxies[name, to]

    def pid(self, name: str) -> int:
        """ServerFailed when it is not running."""
        return self._servers[name].pid if name in self._servers else self._members.pid(name)

    def token(self, tenant: str, roles: Sequence[str] = ROLES, subject: str = "proof") -> str:
        return self.issuer.token(subject, roles, tenant=tenant)

    def token_file(self, tenant: str = "*", roles: Sequence[str] = ("system", "operator")) -> Path:
        """A file with such a token; by default one that reads every tenant's log and commands none."""
        file = self.home / "tokens" / tenant.replace("*", "platform")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(file, self.token(tenant, roles))
        return file

    def doors(self, tenant: str = "*", roles: Sequence[str] = ("system", "operator")) -> Doors:
        return Doors(Endpoints(self.endpoints, kafka=self.bootstrap), self.token(tenant, roles))

    # From start to end -------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Servers started, schemas migrated, and every process of the layout serving."""
        try:
            self.start_servers()
            for name in self.layout:
                self.start(name, wait=False)
            for name in self.layout:
                self._members.until_up(name)
        except BaseException:
            self.close()
            raise
        return self

    def start_servers(self) -> None:
        """Without the services, for who starts them otherwise."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._opened.callback(self._postgres.stop)
        self._postgres.start()
        if self.losses:
            self._open_links()
        if BROKER in self._servers:
            self._opened.callback(self._kafka.stop)
            self._kafka.start()
        for service in self.services:
            migrate(service, self.dsn)
        self._secrets.write(self.issuer, self.services)
        if self._sink is not None:
            self._opened.enter_context(self._sink)

    def close(self) -> None:
        """Stop everything, whatever state it is in; harmless when nothing runs."""
        if POSTGRES in self._frozen:
            self.thaw(POSTGRES)
        self._opened.callback(self._members.close)
        self._opened.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Faults ------------------------------------------------------------------------------------------------------------

    def start(
        self, name: str, *, wait: bool = True, command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start what is down. `command` and `environment` replace and extend the member's, from now on."""
        if name in self._servers:
            self._servers[name].start(wait=wait)
        else:
            self._members.start(name, wait=wait, command=command, environment=environment)

    def kill(self, name: str) -> None:
        """At once, as a crash would; it stays down until started."""
        if name in self._servers:
            self._frozen.discard(name)
            self._servers[name].kill()
        else:
            self._members.kill(name)

    def stop(self, name: str) -> None:
        """In order, and wait for the end: ServerFailed when it has to be killed."""
        if name in self._servers:
            self._servers[name].stop()
        else:
            self._members.stop(name)

    def restart(self, name: str, *, wait: bool = True) -> None:
        self.stop(name)
        self.start(name, wait=wait)

    def ask_to_leave(self, name: str) -> None:
        """SIGTERM to a service, and not waited for: `tend` starts it again when it has ended, and notes it if it did not end well."""
        self._members.ask_to_leave(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        if name in self._servers:
            self._frozen.add(name)
            self._servers[name].freeze()
        else:
            self._members.freeze(name)

    def thaw(self, name: str) -> None:
        """SIGCONT. Harmless for a service that is down, or was not frozen."""
        if name in self._servers:
            self._frozen.discard(name)
            self._servers[name].thaw()
        else:
            self._members.thaw(name)

    def is_up(self, name: str) -> bool:
        """A server answers, a service serves, a worker has started all its parts."""
        if name in self._servers:
            return name not in self._frozen and runs(self._servers[name]) and self._servers[name].is_ready()
        return self._members.is_up(name)

    def tend(self) -> None:
        """As Kubernetes would: start again, after a pause, each service that has ended. Call it now and then."""
        self._members.tend()

    # The end of all faults ---------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Links mended, everything thawed and started; returns when all of it is up."""
        for losses in self.losses.values():
            losses.heal()
        for proxy in self._proxies.values():
            proxy.heal()
        for name in list(self._frozen):
            self.thaw(name)
        self._members.thaw_all()
        for name, server in self._servers.items():
            if not runs(server):
                self.stop(name)  # one that ended by itself still holds its data
                self.start(name, wait=False)
        for name in self._members.down:
            self.start(name, wait=False)
        self._until_all_is_up()

    def heal_and_quiesce(self, within_seconds: float = QUIET_WITHIN_SECONDS) -> Quiet:
        """Heal, and wait until every listener is where its source's log ends. `seconds` counts from the moment of healing."""
        began = time.monotonic()
        self.heal()
        return until_quiet(self.dsn, self.services, began, within_seconds, self.tend)

    # In here -----------------------------------------------------------------------------------------------------------

    def _until_all_is_up(self) -> None:
        give_up_at = time.monotonic() + READY_WITHIN_SECONDS
        while down := [name for name in (*self._servers, *self.layout) if not self.is_up(name)]:
            self.tend()
            if time.monotonic() > give_up_at:
                raise ServerFailed(f"not up: {', '.join(down)}; ended by themselves: {list(self.exits)}")
            time.sleep(LOOK_EVERY_SECONDS)

    def _open_links(self) -> None:
        place = self._opened.enter_context(in_a_thread())
        for name in self.layout:
            self._proxies[name, POSTGRES] = place.put(Proxy(LOOPBACK, self._postgres.port, wire=self.losses[name].reads_along))
            if BROKER in self._servers:
                proxy = self._proxies[name, BROKER] = place.put(Proxy(LOOPBACK, self._ways[_way(name)]))
                self._kafka.advertise(_way(name), proxy.port)

    def _environment(self, name: str, member: Member) -> dict[str, str]:
        to_postgres, to_kafka = self._proxies.get((name, POSTGRES)), self._proxies.get((name, BROKER))
        heard = dict.fromkeys((*ALWAYS_HEARD, *self.services))
        peers = {service: self.endpoints.get(service, NOWHERE) for service in heard if service != member.service}
        return {
            **self._secrets.environment(member.service),
            "ACUERDO_LISTEN": f"{LOOPBACK}:{self._ports[name]}",
            "ACUERDO_POSTGRES": self.dsn if to_postgres is None else f"postgresql://postgres@{to_postgres.address}/postgres",
            "ACUERDO_KAFKA": self.bootstrap if to_kafka is None else to_kafka.address,
            "ACUERDO_PEERS": ",".join(f"{peer}={address}" for peer, address in peers.items()),
            "ACUERDO_JWKS": str(self.issuer.jwks),
            **self._world(member.service),
            "PYTHONFAULTHANDLER": "1",  # a crash in native code says where
        }

    def _world(self, service: str) -> dict[str, str]:
        """What a service is told of those outside: mail goes to a server that delivers nothing."""
        if service != "contacts" or self._sink is None:
            return {}
        return {
            "ACUERDO_CONTACTS_SMTP_HOST": LOOPBACK,
            "ACUERDO_CONTACTS_SMTP_PORT": str(self._sink.port),
            "ACUERDO_CONTACTS_MAILBOX": str(self._sink.mailbox),
            "ACUERDO_CONTACTS_RETRY_SECONDS_MIN": "0.5",
            "ACUERDO_CONTACTS_LINKS_URL": "https://pay.invalid/",
            "ACUERDO_CONTACTS_LINK_KEY_FILE": str(self._secrets.link_key),
        }


def _way(name: str) -> str:
    return name.upper().replace("-", "_")
