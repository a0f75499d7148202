"""Scenes: what single cases of the portfolio live through after the months: holds that overlap, a corrected report, a dispute; and how they
are shown. A scene is two functions and a line in the table at the foot.
"""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import instalments_pb2 as late
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from google.type.date_pb2 import Date
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli.connection import Doors
from clients.cli.grievance_blocks import disputes_block
from clients.cli.ground_blocks import explanation_block
from clients.cli.hold_blocks import effect_block, holds_block
from clients.cli.late_blocks import history_block
from clients.cli.words import Words
from dev.says import Says

CORRECTED_MONTH = 1
"""Of the months played, the second is corrected: far enough back that reports of it were made."""
CYCLES_MAX = 8
DISPUTED_MINOR_UNITS = 50_000


@dataclass(frozen=True, slots=True)
class Stage:
    """The case that is played, and the days its portfolio has lived through."""

    doors: Doors
    case_id: str
    ref: str
    portfolio_id: str
    months: tuple[str, ...]
    """Last days, ISO dates."""
    data: Path

    @property
    def last_day(self) -> date:
        return date.fromisoformat(self.months[-1])

    @property
    def corrected_day(self) -> date:
        return date.fromisoformat(self.months[CORRECTED_MONTH])


@dataclass(frozen=True, slots=True)
class Scene:
    """`play` is done once, with fixed request ids; `show` as often as somebody looks."""

    title: Callable[[Says], str]
    play: Callable[[Stage], Awaitable[None]]
    show: Callable[[Stage, Words], Awaitable[RenderableType]]


async def on_stage(doors: Doors, portfolio_id: str, months: tuple[str, ...], data: Path) -> Stage:
    ref = an_eventful_case(data)
    found = await doors.cases.ListCases(cases.ListCasesRequest(portfolio_id=portfolio_id, external_ref=ref))
    return Stage(doors, found.cases[0].case_id, ref, portfolio_id, months, data)


def an_eventful_case(data: Path) -> str:
    """The sample's reference whose cycles past due changed most often over the months; of several the first."""
    cycles: dict[str, list[str]] = {}
    for file in sorted((data / "uci").glob("????-??.csv")):
        for ref, said in _cycles_in(file).items():
            cycles.setdefault(ref, []).append(said)
    return max(
        cycles, key=lambda ref: (sum(a != b for a, b in zip(cycles[ref], cycles[ref][1:], strict=False)), len(set(cycles[ref])), ref)
    )


def _cycles_in(file: Path) -> dict[str, str]:
    with file.open(newline="") as opened:
        return {row["external_ref"]: row["cycles_past_due"] for row in csv.DictReader(opened)}


# Holds -----------------------------------------------------------------------------------------------------------------


async def _hold(stage: Stage) -> None:
    """A complaint holds the case from before we heard of it; wrong data is another ground, for other things, and ends earlier."""
    before, after = stage.last_day - timedelta(days=10), stage.last_day + timedelta(days=5)
    complaint: dict[str, Any] = {"from": _wire(before), "through": _wire(after + timedelta(days=15))}
    await stage.doors.cases.PlaceHold(
        holds.PlaceHoldRequest(
            request_id="play/hold/complaint",
            case_id=stage.case_id,
            kind=holds.HOLD_KIND_COMPLAINT,
            reason_code="COMPLAINED_IN_WRITING",
            evidence_refs=["letter-2005-117"],
            **complaint,
        )
    )
    await stage.doors.cases.PlaceHold(
        holds.PlaceHoldRequest(
            request_id="play/hold/data",
            case_id=stage.case_id,
            kind=holds.HOLD_KIND_DATA_QUALITY,
            reason_code="ADDRESS_IS_WRONG",
            through=_wire(after),
        )
    )


async def _show_holds(stage: Stage, words: Words) -> RenderableType:
    found = await stage.doors.cases.ListHolds(holds.ListHoldsRequest(case_id=stage.case_id, with_history=True))
    effect = await stage.doors.cases.GetHoldEffect(holds.GetHoldEffectRequest(case_id=stage.case_id))
    why = await stage.doors.cases.ExplainHoldEffect(
        explained.ExplainHoldEffectRequest(case_id=stage.case_id, scope=holds.HOLD_SCOPE_CONTACT)
    )
    return Group(holds_block(found, words), Text(), effect_block(effect, words), Text(), Text(why.sentence, style="bold"))


# A restatement -----------------------------------------------------------------------------------------------------------


async def _correct(stage: Stage) -> None:
    """The creditor corrects what it had reported of one month: the past is restated, today stays as it is."""
    said = int(_cycles_in(stage.data / "uci" / f"{stage.corrected_day:%Y-%m}.csv")[stage.ref])
    row = cases.ArrearsRow(line=1, external_ref=stage.ref, cycles_past_due=said + 1 if said < CYCLES_MAX else said - 1)
    request = cases.ReportArrearsRequest(
        request_id="play/correction",
        portfolio_id=stage.portfolio_id,
        as_of=_wire(stage.corrected_day),
        source_ref=f"{stage.corrected_day:%Y-%m}-corrected.csv",
        rows=[row],
    )
    async for answer in stage.doors.cases.ReportArrears(iter([request])):
        if answer.outcomes[0].reason:
            raise RuntimeError(f"the correction was refused: {answer.outcomes[0].description}")


async def _show_restatement(stage: Stage, words: Words) -> RenderableType:
    days: dict[str, Any] = {"from": _wire(date.fromisoformat(stage.months[0]).replace(day=1)), "through": _wire(stage.last_day)}
    history = await stage.doors.cases.GetDelinquencyHistory(late.GetDelinquencyHistoryRequest(case_id=stage.case_id, **days))
    why = await stage.doors.cases.ExplainBucket(cases.ExplainBucketRequest(case_id=stage.case_id, as_of=_wire(stage.corrected_day)))
    return Group(history_block(history, words), Text(), explanation_block(why, words))


# A dispute ---------------------------------------------------------------------------------------------------------------


async def _dispute(stage: Stage) -> None:
    """One part of the debt is not the debtor's and falls away; another is contested still, and the rest goes on."""
    case = (await stage.doors.cases.GetCase(cases.GetCaseRequest(case_id=stage.case_id))).case
    debt = case.debts[0]
    # The same whenever it is asked: a play that was interrupted goes on.
    amount = Money(currency_code=case.balance.currency_code, minor_units=DISPUTED_MINOR_UNITS)
    part = types.ComponentAmount(component=debt.components[0].component, amount=amount)
    ids = []
    for name, reason in (("not_mine", "PURCHASE_NOT_MINE"), ("fee", "FEE_NOT_AGREED")):
        answer = await stage.doors.cases.DisputeDebt(
            disputes.DisputeDebtRequest(
                request_id=f"play/dispute/{name}",
                case_id=stage.case_id,
                debt_id=debt.debt_id,
                components=[part],
                reason_code=reason,
                evidence_refs=[f"letter-2005-{name}"],
            )
        )
        ids.append(answer.dispute_id)
    await stage.doors.cases.ReviewDispute(
        disputes.ReviewDisputeRequest(request_id="play/dispute/review", case_id=stage.case_id, dispute_id=ids[0])
    )
    await stage.doors.cases.ResolveDispute(
        disputes.ResolveDisputeRequest(
            request_id="play/dispute/resolved",
            case_id=stage.case_id,
            dispute_id=ids[0],
            resolution=disputes.DISPUTE_RESOLUTION_UPHELD,
            reason_code="CREDITOR_AGREES",
            evidence_refs=["creditor-2005-31"],
        )
    )


async def _show_dispute(stage: Stage, words: Words) -> RenderableType:
    found = await stage.doors.cases.ListDisputes(disputes.ListDisputesRequest(case_id=stage.case_id))
    why = await stage.doors.cases.ExplainHoldEffect(
        explained.ExplainHoldEffectRequest(case_id=stage.case_id, scope=holds.HOLD_SCOPE_TREATMENT)
    )
    return Group(disputes_block(found, words), Text(), Text(why.sentence, style="bold"))


def _wire(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


SCENES: Sequence[Scene] = (
    Scene(lambda says: says.holds, _hold, _show_holds),
    Scene(lambda says: says.restatement, _correct, _show_restatement),
    Scene(lambda says: says.dispute, _dispute, _show_dispute),
)
"""In the order in which they are played and shown."""
