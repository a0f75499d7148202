"""One example of each fact of strategy, in streams that can be folded. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.kernel.facts import Causation, Fact, Stream
from services.strategy.domain.assignment import SegmentAssigned
from services.strategy.domain.segments import SegmentTableActivated, SegmentTablePublished, SegmentTables
from services.strategy.domain.standing import BalanceAuthority
from services.strategy.domain.treatment import (
    BalanceAuthorityNoted,
    StandingNoted,
    Treatment,
    TreatmentEnded,
    TreatmentOpened,
    TreatmentResumed,
    TreatmentStarted,
)
from tests.golden.examples_of_cases import CASE, CLIENT, DEBT, PORTFOLIO, TREATMENT, at, eur

TABLES = UUID("0195c001-0000-7000-8000-0000000000f0")
TABLE = b'{"nodes": [], "edges": []}'


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield (
        SegmentTables,
        [
            SegmentTablePublished(**at(TABLES, 1), version=1, table=TABLE, table_hash=hashlib.sha256(TABLE).digest(), name="Cards"),
            SegmentTableActivated(**at(TABLES, 2), version=1, from_=0),
        ],
    )
    yield Treatment, _a_treatment()


def _a_treatment() -> list[Fact]:
    return [
        TreatmentStarted(
            **at(TREATMENT, 1),
            case_id=CASE,
            client_id=CLIENT,
            portfolio_id=PORTFOLIO,
            origin=Causation(CASE, 1),
            currency_code="EUR",
            balance_authority=BalanceAuthority.CREDITOR,
            zone="Europe/Madrid",
        ),
        TreatmentOpened(**at(TREATMENT, 2), case_id=CASE, origin=Causation(CASE, 6)),
        StandingNoted(
            **at(TREATMENT, 3),
            bucket="2",
            balance=eur(97_000),
            origin=Causation(CASE, 9),
            debt_id=DEBT,
            debt_balance=eur(97_450),
            reported_as_of=date(2026, 3, 31),
            reported=eur(97_000),
        ),
        SegmentAssigned(
            **at(TREATMENT, 4),
            case_id=CASE,
            from_="",
            to="personal_call",
            table_version=1,
            row_id="two-cycles-small",
            reason="Two payments missed: call, and listen.",
            bucket="2",
            balance=eur(97_000),
            client_id=CLIENT,
        ),
        BalanceAuthorityNoted(
            **at(TREATMENT, 5),
            balance_authority=BalanceAuthority.OURS,
            zone="Atlantic/Canary",
            effective_from=date(2026, 7, 1),
            origin=Causation(CASE, 13),
        ),
        TreatmentEnded(**at(TREATMENT, 6), case_id=CASE, reason_code="PAID_IN_FULL", origin=Causation(CASE, 21)),
        TreatmentResumed(**at(TREATMENT, 7), case_id=CASE, origin=Causation(CASE, 22)),
    ]
