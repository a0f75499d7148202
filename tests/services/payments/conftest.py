"""A running payments service for each test that asks, on a fresh database, at noon of 31 March 2026."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.services.payments.service import Running, running

# Others work on the same cores: how long an example takes says nothing about it.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
async def payments(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database, tmp_path) as service:
        yield service
