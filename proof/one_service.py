"""The cases service in this process, everything of it that speaks to PostgreSQL behind one proxy: for faults between the two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import psycopg
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from psycopg import conninfo, sql

from dev.issuer import Issuer
from proof.postgres_wire import Losses
from proof.proxy import LOOPBACK, Proxy
from services.cases.api import CasesApi, Sight
from services.cases.card import CASES
from services.cases.timers import TIMERS
from services.cases.views import VIEWS, CaseTables
from services.chassis.follower.timers import TimerRunner
from services.chassis.follower.views import Views
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.logservice import LogService
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.chassis.settings import Settings

TENANT = "acme"
UNARY_SECONDS_MAX = 10.0
"""The service's own deadline for a call whose caller has set none."""


@dataclass(frozen=True, slots=True)
class OneService:
    dsn: str
    """Past the proxy."""
    proxy: Proxy
    losses: Losses
    log: Log
    replica: Log
    """A second writer on the same log, as another process has one."""
    parts: Sequence[Part]
    unary_seconds_max: float
    channel: grpc.aio.Channel
    cases: CasesStub
    principal: str
    metadata: tuple[tuple[str, str], ...]

    async def failed(self) -> list[str]:
        """Parts that have ended by themselves: their process would end."""
        looks = {part.name: asyncio.ensure_future(part.wait()) for part in self.parts}
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended = [name for name, look in looks.items() if look.done()]
        for look in looks.values():
            look.cancel()
        await asyncio.gather(*looks.values(), return_exceptions=True)
        return ended


@asynccontextmanager
async def one_service(dsn: str, home: Path, seed: int = 0, unary_seconds_max: float = UNARY_SECONDS_MAX) -> AsyncIterator[OneService]:
    """Migrated, started in order, stopped in reverse."""
    migrate(dsn, CASES.name)
    losses, parts_of_dsn = Losses(seed), conninfo.conninfo_to_dict(dsn)
    async with AsyncExitStack() as stack:
        proxy = Proxy(str(parts_of_dsn["host"]), int(str(parts_of_dsn["port"])), wire=losses.reads_along, seed=seed)
        await stack.enter_async_context(proxy)
        through = conninfo.make_conninfo(dsn, host=LOOPBACK, port=proxy.port, sslmode="disable", gssencmode="disable")
        issuer = Issuer(home)
        settings = Settings.read(postgres=through, jwks=str(issuer.jwks), drain_seconds=0, unary_seconds_max=unary_seconds_max)
        log, replica = Log(through, CASES, b"c" * 32), Log(through, CASES, b"c" * 32)
        seals, tables = Seals(through, CASES.name, FileKeyWrapper(b"k" * 32)), CaseTables(through)
        api = CasesApi(log, tables, seals, log.clock, new_id, AskedBy(log.clock, b"p" * 32), Pages(b"s" * 32))
        rpc = Rpc(settings, api, LogService(log, Sight(log)))
        parts: list[Part] = [log, replica, seals, tables, Views(log, VIEWS), TimerRunner(log, TIMERS), rpc]
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        metadata = (("authorization", f"Bearer {issuer.token('ana', ['supervisor', 'operator'], TENANT)}"),)
        who = f"{issuer.issuer}#ana"
        yield OneService(dsn, proxy, losses, log, replica, parts, unary_seconds_max, channel, CasesStub(channel), who, metadata)


@asynccontextmanager
async def new_database(dsn: str, name: str) -> AsyncIterator[str]:
    """DSN of an empty database, dropped afterwards."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield conninfo.make_conninfo(dsn, dbname=name)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
