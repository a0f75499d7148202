"""Pages of worklists over a million cases: what an agent has in hand, and what waits for one, through the API.

The read models are filled by SQL with rows as the view would write them: what a page costs depends on nothing else.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc.aio
import psycopg
from acuerdo.cases.v1 import workforce_pb2 as pb
from acuerdo.cases.v1.service_pb2_grpc import CasesStub

from bench.aims import held
from bench.calls import CURRENCY, PAGE_ROWS
from bench.gate import Gate, GateFailed
from bench.place import Place, Size
from bench.report import Measured, Report, percentiles_ms, settings
from bench.seeding import Seeded, seed
from bench.serving import TENANT, House
from services.cases.card import CASES
from services.chassis.migrate import migrate

AGENTS, CASES_PER_AGENT = 1_000, 150
"""The other cases wait."""
SEEDED_CASES = 2
IN_HAND, WAITING = "pages of an agent's worklist", "pages of the cases that wait"


async def measure(place: Place, size: Size) -> Report:
    report = Report(
        "worklist", f"Worklists over {size.many_cases:,} cases, pages of {PAGE_ROWS}, {size.runs} rounds", settings(place.server)
    )
    with House(place) as house:
        dsn = place.database()
        migrate(dsn, CASES.name)
        began = time.monotonic()
        seeded = seed(dsn, SEEDED_CASES, (place.home / "keys" / "claims").read_bytes())
        agents = await asyncio.to_thread(_fill, dsn, seeded, size.many_cases)
        report.said.append(f"the read models were filled within {time.monotonic() - began:.0f} s")
        gate = Gate(dsn)
        gate.begin()
        address = house.serve("cases", dsn).address
        slowest = []
        async with grpc.aio.insecure_channel(address) as channel:
            asking = _Asking(CasesStub(channel), house.token)
            report.gates.append(await asking.check(dsn, agents))
            for number in range(size.runs):
                for name, asked in ((IN_HAND, agents), (WAITING, [""])):
                    took = await asking.pages(asked, max(size.commands, 3))
                    p50, p99 = percentiles_ms(took)
                    report.measured.append(Measured(name, 1, len(took) / sum(took), p50, p99, number))
                    slowest.append(p99)
        report.gates.append(gate.check({}))
    report.held = [held("worklist/page", slowest)]
    return report


class _Asking:
    def __init__(self, stub: Any, token: str) -> None:
        self._stub, self._metadata = stub, (("authorization", f"Bearer {token}"),)

    async def page(self, agent_id: str, token: str = "") -> Any:
        request = pb.GetWorklistRequest(agent_id=agent_id, page_size=PAGE_ROWS, page_token=token)
        return await self._stub.GetWorklist(request, metadata=self._metadata)

    async def pages(self, agents: list[str], pages: int) -> list[float]:
        """From page to page; after an agent's last one to the next agent. How long each took."""
        took: list[float] = []
        token, turn = "", 0
        for _ in range(pages):
            began = time.perf_counter()
            page = await self.page(agents[turn % len(agents)], token)
            took.append(time.perf_counter() - began)
            token = page.next_page_token
            turn += not token
        return took

    async def check(self, dsn: str, agents: list[str]) -> str:
        """One agent's whole worklist, page by page, is what SQL finds, in its order; and the first pages of what waits are."""
        for agent_id, most in ((agents[-1], CASES_PER_AGENT), ("", 3 * PAGE_ROWS)):
            with psycopg.connect(dsn) as connection:
                rows = connection.execute(_IN_ORDER, {"agent": agent_id or None, "most": most}).fetchall()
            expected, token = [str(case_id) for (case_id,) in rows], ""
            found: list[str] = []
            while len(found) < len(expected) and (token or not found):
                page = await self.page(agent_id, token)
                found += [row.case_id for row in page.rows]
                token = page.next_page_token
            if found[: len(expected)] != expected or not expected:
                raise GateFailed(f"a worklist of {len(expected)} cases was answered with {len(found)}, or in another order")
        return "an agent's whole worklist, and three pages of what waits, are the rows of the table in its order"


def _fill(dsn: str, seeded: Seeded, cases: int) -> list[str]:
    """The read models of so many cases. The agents' ids."""
    parameters = {
        "client": seeded.client_id,
        "portfolio": seeded.portfolio_id,
        "currency": CURRENCY,
        "tenant": TENANT,
        "agents": AGENTS,
        "in_hand": min(AGENTS * CASES_PER_AGENT, cases // 2),
        "cases": cases,
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _FILLING:
            connection.execute(statement.encode(), parameters)
        connection.execute("VACUUM ANALYZE")
        found = connection.execute("SELECT agent_id FROM cases.case_hands WHERE agent_id IS NOT NULL GROUP BY 1 ORDER BY count(*), 1")
        return [str(agent_id) for (agent_id,) in found.fetchall()]


_IN_ORDER = """
SELECT case_id FROM cases.case_hands
WHERE CASE WHEN %(agent)s::uuid IS NULL THEN is_waiting AND agent_id IS NULL ELSE agent_id = %(agent)s::uuid END
ORDER BY since LIMIT %(most)s"""
_FILLING = (
    "DELETE FROM cases.case_list",
    """CREATE TEMP TABLE made AS
       SELECT n, gen_random_uuid() AS case_id, gen_random_uuid() AS debt_id FROM generate_series(1, %(cases)s) n""",
    """INSERT INTO cases.case_list
           (case_id, tenant_id, registered_at, client_id, portfolio_id, external_ref, currency_code, lifecycle, bucket, segment, version)
       SELECT case_id, %(tenant)s, n, %(client)s, %(portfolio)s, 'C' || lpad(n::text, 9, '0'), %(currency)s, 'OPEN', '1+', 'S1', 6
       FROM made""",
    """INSERT INTO cases.case_ledger
       SELECT case_id, n, %(tenant)s, debt_id, date '2026-01-01', timestamptz '2026-01-01 00:00:00Z', 100000 FROM made""",
    """INSERT INTO cases.agents (agent_id, tenant_id, registered_at, is_active, languages, cases)
       SELECT gen_random_uuid(), %(tenant)s, n, true, ARRAY['es'], 0 FROM generate_series(1, %(agents)s) n""",
    # Dealt out in turn, as work comes in; leases of a day.
    """INSERT INTO cases.case_hands (case_id, tenant_id, since, agent_id, lease_until, is_waiting)
       SELECT case_id, %(tenant)s, n, agent_id, CASE WHEN agent_id IS NOT NULL THEN clock_timestamp() + interval '1 day' END,
              agent_id IS NULL
       FROM made LEFT JOIN cases.agents a ON n <= %(in_hand)s AND a.registered_at = 1 + n %% %(agents)s""",
    """INSERT INTO cases.case_holds
       SELECT case_id, gen_random_uuid(), %(tenant)s, date '2026-01-01', NULL FROM made WHERE n %% 10 = 0""",
)
