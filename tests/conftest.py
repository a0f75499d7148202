"""What all tests share: one real PostgreSQL and one real Kafka for the session, a fresh database for each test that asks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql

from dev.kafka import Kafka, is_available
from dev.postgres import Postgres

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def servers() -> Iterator[Path]:
    """Where this session's servers keep their data: not in pytest's own folder, which another session may clear."""
    (_ROOT / ".run" / "tests").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=_ROOT / ".run" / "tests", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_dsn(servers: Path) -> Iterator[str]:
    """Superuser DSN of a real PostgreSQL: one that runs already (ACUERDO_TEST_POSTGRES), or one that lives as long as the session."""
    if running := os.environ.get("ACUERDO_TEST_POSTGRES"):
        yield running
        return
    with Postgres(servers / "postgres") as server:
        yield server.dsn


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[str]:
    """DSN of a new, empty database, dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield conninfo.make_conninfo(postgres_dsn, dbname=name)
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def kafka(servers: Path) -> Iterator[str]:
    """Bootstrap address of a real Apache Kafka. Without Java or Maven its tests are skipped, loudly; with CI=true they fail.

    One that runs already (ACUERDO_TEST_KAFKA) is used instead; nobody else may use it meanwhile, for tests empty their topics.
    """
    if running := os.environ.get("ACUERDO_TEST_KAFKA"):
        yield running
        return
    missing = is_available()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"real Kafka is required with CI=true: {missing}")
        pytest.skip(f"NO REAL KAFKA: {missing}")
    with Kafka(home=_ROOT / ".run" / "kafka", data=servers / "kafka") as broker:
        yield broker.bootstrap
