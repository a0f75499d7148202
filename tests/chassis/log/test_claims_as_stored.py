"""Claims as they are stored: one holder for each name, a keyed hash that tells nobody what it stands for."""

from __future__ import annotations

import hashlib

import pytest

from services.chassis.log.log import Log
from services.chassis.log.units import ClaimedByAnother
from tests.chassis.log.ledgers import OTHER_TENANT, TENANT, asked, is_sound, named, opened, opening, query


async def test_a_name_that_is_taken_is_refused_to_whoever_comes_next(log: Log, ledgers: str) -> None:
    """Alone in its batch: with others beside it that want the same name, units are judged one by one anyway."""
    holder = await opened(log, claims=(named("ours"),))
    with pytest.raises(ClaimedByAnother) as lost:
        await log.run(asked(), opening(claims=(named("ours"),)))
    assert lost.value.holder == holder
    assert await is_sound(ledgers, log) == 1


async def test_a_name_is_hashed_apart_for_each_tenant(log: Log, ledgers: str) -> None:
    """Else the table would tell which persons two tenants have in common."""
    for tenant in (TENANT, OTHER_TENANT):
        await log.run(asked(tenant=tenant), opening(claims=(named("12345678Z"),)))
    hashes = [hmac for (hmac,) in await query(ledgers, "SELECT hmac FROM ledgers.claims")]
    assert len(hashes) == len(set(hashes)) == 2
    assert hashlib.sha256(b"12345678Z").digest() not in hashes
