"""Told by whoever has acted on a hold: acknowledged on the case, and how long it took is measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.cases.application import stops
from services.cases.domain.case import Case
from services.cases.domain.heeding import HEED_WITHIN, Heeded
from services.chassis.heard import Heard, Look
from services.chassis.telemetry.metrics import HOLD_LATENCY
from services.kernel.facts import Change


async def acknowledge(heard: Heard[Any], look: Look, service: str, heeded: Heeded) -> Iterable[Change[Case]]:
    """Of a HoldHeeded, whichever service's: all of them name case and hold alike."""
    case_id, hold_id = UUID(bytes=heard.fact.case_id), UUID(bytes=heard.fact.hold_id)
    case = await look(Case, case_id)
    hold = case.holds.by_id.get(hold_id)
    if hold is not None and hold.heed_by is not None and service in case.heeding.awaited(hold):
        placed_at = hold.heed_by - HEED_WITHIN
        HOLD_LATENCY.record(max(0.0, (heard.recorded_at - placed_at).total_seconds()), {"service": service})
    return [stops.acknowledge_hold(case_id, hold_id, service, heeded, heard.origin)]
