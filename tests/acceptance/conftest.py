"""One running house for all acceptance tests: four services as processes, on a real PostgreSQL and a real Kafka.

It stops with the last of them: its relays would bring back the topics that other tests on this broker begin with none of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from clients.cli.stepping import advance
from dev.processes import Stack
from tests.acceptance.collector import collecting
from tests.acceptance.house import House, ports_of_our_own

TODAY = datetime(2005, 7, 1, 1, tzinfo=UTC)
"""A day after the last month that is played: whatever comes is of the past, in whatever order."""


@pytest.fixture(scope="package")
def own_database(postgres_dsn: str) -> Iterator[str]:
    """A database for services that outlive one test."""
    name = f"acceptance_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield f"{postgres_dsn.rpartition('/')[0]}/{name}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="package")
def house(kafka: str, own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    stack = Stack(home, kafka=kafka, postgres=own_database, ports=ports_of_our_own())
    with collecting() as collector, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ACUERDO_OTLP_ENDPOINT", collector.endpoint)
        stack.start(lambda _: None)
        try:
            house = House(stack, home, own_database, collector)
            asyncio.run(_come_to_today(house))
            yield house
        finally:
            stack.stop()


async def _come_to_today(house: House) -> None:
    async with house.doors("demo") as doors:
        await advance(doors, TODAY)
