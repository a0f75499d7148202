"""Migrations: an empty database becomes a service's, once, whoever else is at it; and the script says what would be done."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psycopg
import pytest

from services.chassis.migrate import migrate


def _tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^pg_'").fetchall()
    return {name for (name,) in rows}


async def test_two_services_in_one_database_made_by_several_at_once(database: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, database, service) for service in ("cases", "strategy", "cases", "strategy")))
    tables = _tables(database)
    for service in ("cases", "strategy"):
        assert {f"{service}.events", f"{service}.commands", f"{service}.alembic_version", f"{service}.positions"} <= tables
    before = tables
    await asyncio.to_thread(migrate, database, "cases")
    assert _tables(database) == before


@pytest.mark.parametrize("service", ["cases", "strategy"])
def test_the_script_does_the_same(database: str, service: str) -> None:
    said = subprocess.run([sys.executable, "-m", "services.chassis.migrate", service, "--sql"], check=True, capture_output=True, text=True)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(said.stdout.encode())
    assert f"{service}.events" in _tables(database)
    migrate(database, service)  # finds everything done
