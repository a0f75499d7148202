"""Running parts of contacts for each test that asks, on a fresh database, at noon of 15 January 2026."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from tests.services.contacts import permits_service
from tests.services.contacts.people_service import Running, running

# Others work on the same cores: how long an example takes says nothing about it.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
async def people(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database, tmp_path, datetime(2026, 1, 15, 12, tzinfo=UTC)) as service:
        yield service


@pytest.fixture
async def permits(database: str, tmp_path: Path) -> AsyncIterator[permits_service.Running]:
    """At noon in Madrid of Tuesday 3 March 2026."""
    async with permits_service.running(database, tmp_path, datetime(2026, 3, 3, 11, tzinfo=UTC)) as service:
        yield service
