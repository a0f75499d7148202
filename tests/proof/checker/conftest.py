"""One small run for all tests of the checker: judged while it lives, then ended, so that copies of what it left can be doctored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dev.kafka import is_available
from proof.checker.findings import Finding, Verdict
from proof.checker.judging import Where, judge
from proof.rig import Rig
from tests.proof.checker.doctoring import Copies, records_of
from tests.proof.checker.small_run import CANARY, TENANTS, Ran, run, tenant_canary

SHOWN_WRONG = "UPDATE cases.case_list SET bucket = 'invented' WHERE external_ref = 'CASE-1' AND tenant_id = 'north'"
LOST_ROW = "DELETE FROM cases.case_parties WHERE case_id IN (SELECT case_id FROM cases.case_list WHERE external_ref = 'CASE-2')"
NEVER_REBUILT = "REVOKE DELETE ON cases.rebuilds FROM cases_follower"


@dataclass(frozen=True)
class Judged:
    """What the run was judged to be while its services were there, and what it left."""

    ran: Ran
    where: Where
    live: Verdict
    wrong_views: Finding
    never_rebuilt: Finding
    copies: Copies
    records: list[Any]
    """Of the topic of cases."""

    async def finds(self, invariant: str, **changed: Any) -> Finding:
        """The one finding, over other evidence."""
        return (await judge(replace(self.where, only=frozenset({invariant}), **changed))).of(invariant)


Finds = Callable[..., Awaitable[Finding]]


@pytest.fixture(scope="session")
def judged(servers: Path) -> Iterator[Judged]:
    missing = is_available()
    if missing is not None:
        pytest.skip(f"NO REAL KAFKA: {missing}")
    home = servers / "checker"
    with Rig(home) as rig:
        yield asyncio.run(_judged(rig, home))


async def _judged(rig: Rig, home: Path) -> Judged:
    ran = await run(rig, home)
    where = Where(
        postgres=rig.dsn,
        kafka=rig.bootstrap,
        endpoints=rig.endpoints,
        token_for=lambda tenant: rig.token(tenant, subject="checker"),
        history=(ran.history,),
        canaries=(CANARY,),
        tenant_canaries={tenant: tenant_canary(tenant) for tenant in TENANTS},
        outputs=tuple(rig.outputs),
        looks_apart_seconds=0.5,
    )
    live = await judge(where)
    only_views = replace(where, only=frozenset({"I7"}))
    _execute(rig.dsn, SHOWN_WRONG, LOST_ROW)
    wrong_views = (await judge(only_views)).of("I7")
    _execute(rig.dsn, NEVER_REBUILT)
    never_rebuilt = (await judge(replace(only_views, quiet_within_seconds=0.5))).of("I7")
    for name in rig.layout:
        rig.kill(name)
    _execute(rig.dsn, "DELETE FROM cases.rebuilds")
    # From here on nobody answers: what asks is given doors of its own.
    offline = replace(where, endpoints={}, token_for=None, quiet_within_seconds=0.0, looks_apart_seconds=0.05)
    return Judged(ran, offline, live, wrong_views, never_rebuilt, Copies(rig.dsn, rig.services), await records_of(rig.bootstrap))


def _execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
