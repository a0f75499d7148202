"""Payments with its HTTP door and a provider, for each test that asks, on a fresh database: 10 March 2026, 10:00 UTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql

from services.chassis.migrate import migrate
from tests.services.payments.links.house import House, house


@pytest.fixture(scope="session")
def migrated(postgres_dsn: str) -> Iterator[sql.Identifier]:
    """Name of a database that payments was migrated into once: every test gets a copy."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(conninfo.make_conninfo(postgres_dsn, dbname=name), "payments")
        yield sql.Identifier(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def database(postgres_dsn: str, migrated: sql.Identifier) -> AsyncIterator[str]:
    """DSN of a new database with the tables of payments, dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), migrated))
    yield conninfo.make_conninfo(postgres_dsn, dbname=name)
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def payments(database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(database, tmp_path) as found:
        yield found
