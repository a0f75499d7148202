"""A fresh database with the log of the ledgers, and a log on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.chassis.log.log import Log
from tests.chassis.log.ledgers import a_log, prepare


@pytest.fixture
async def ledgers(database: str) -> str:
    """DSN of a database whose schema `ledgers` holds an empty log."""
    await prepare(database)
    return database


@pytest.fixture
async def log(ledgers: str) -> AsyncIterator[Log]:
    async with a_log(ledgers) as log:
        yield log


@pytest.fixture
async def other_log(ledgers: str) -> AsyncIterator[Log]:
    """The same log in another replica: its own cache, its own writer."""
    async with a_log(ledgers) as log:
        yield log
