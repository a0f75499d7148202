"""A real log of strategy on a database of its own, and a server that answers from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc.aio
import psycopg
import pytest
from acuerdo.strategy.v1 import service_pb2_grpc

from dev.issuer import Issuer
from services.chassis.follower import marks
from services.chassis.log.connections import dsn_as
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.migrate import migrate
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.server import Rpc
from services.chassis.rpc.words import AskedBy
from services.chassis.settings import Settings
from services.strategy import application
from services.strategy.api import StrategyApi
from services.strategy.card import STRATEGY
from tests.services.strategy.examples import SAMPLE, THE_TENANT
from tests.services.strategy.hearing import FOLLOWER, Hearing


@pytest.fixture
async def log(database: str) -> AsyncIterator[Log]:
    await asyncio.to_thread(migrate, database, "strategy")
    log = Log(database, STRATEGY, b"c" * 32, partitions=4)
    await log.start()
    yield log
    await log.stop()


@pytest.fixture(scope="session")
def strategy_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("strategy_issuer"))


@pytest.fixture
def bearer(strategy_issuer: Issuer) -> Callable[..., tuple[tuple[str, str], ...]]:
    """Metadata of a call by someone with these roles."""

    def metadata(*roles: str, **said: Any) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {strategy_issuer.token('ana', roles, **said)}"),)

    return metadata


@pytest.fixture
async def strategy(log: Log, strategy_issuer: Issuer, tmp_path: Path) -> AsyncIterator[Any]:
    """The stub of a served Strategy."""
    settings = Settings(jwks=str(strategy_issuer.jwks), drain_seconds=0)
    rpc = Rpc(settings, StrategyApi(log, AskedBy(log.clock, b"p" * 32), Pages(b"q" * 32)))
    await rpc.start()
    try:
        async with grpc.aio.insecure_channel(rpc.address) as channel:
            yield service_pb2_grpc.StrategyStub(channel)
    finally:
        await rpc.stop()


@pytest.fixture
async def hearing(log: Log, database: str) -> Hearing:
    """A listener at the beginning, of a tenant whose sample table is in force."""
    for number, change in enumerate(
        (application.publish_segment_table(THE_TENANT, "Sample", SAMPLE), application.activate_segment_table(THE_TENANT, 1))
    ):
        await log.run(Command(THE_TENANT, "ana", "test", str(number), b"p" * 32, Actor("AGENT", "ana")), change)
    async with await psycopg.AsyncConnection.connect(
        dsn_as(database, "strategy_follower", "search_path=strategy"), autocommit=True
    ) as follower:
        await marks.open_position(follower, marks.At(FOLLOWER, "cases", 1, 0), 0)
    return Hearing(log)
