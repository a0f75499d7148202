"""Names and keys: what is unique among whom, and whose terms a case decides on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.cases.domain import (
    case,
)
from services.cases.domain.case import Case
from services.cases.domain.portfolio import Portfolio
from services.kernel.facts import Change, Claim, Stream


def client_name(external_ref: str) -> Claim:
    return Claim("client", external_ref)


def portfolio_name(client_id: UUID, external_ref: str) -> Claim:
    return Claim("portfolio", f"{client_id}/{external_ref}")


def batch_name(portfolio_id: UUID, external_ref: str) -> Claim:
    return Claim("batch", f"{portfolio_id}/{external_ref}")


def case_name(client_id: UUID, external_ref: str) -> Claim:
    return Claim("case", f"{client_id}/{external_ref}")


# Cases ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A case and the portfolio whose terms it takes on when it decides."""

    case_id: UUID
    portfolio_id: UUID


def on_terms(key: CaseKey, decide: Callable[..., None], *given: tuple[type[Stream], UUID]) -> Change[Case]:
    """Decide on the terms now in force: a case takes changed ones on before it decides anything else. `given`: looked at besides."""

    def taken_on(deciding: Case, of: Portfolio, *looked_at: Stream) -> None:
        case.take_on_terms(deciding, of)
        decide(deciding, *looked_at)

    return Change(Case, key.case_id, taken_on, given=((Portfolio, key.portfolio_id), *given))
