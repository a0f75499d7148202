"""Instalments (cuotas): what falls due of a debt and when. What is unpaid follows from what was paid, in whatever order it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import ComponentAmount
from services.kernel.facts import Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instalment:
    """What falls due of a debt on one day; without components nothing does any more."""

    number: int
    due_date: date
    components: tuple[ComponentAmount, ...]


class InstalmentsScheduled(Fact):
    debt_id: UUID
    instalments: tuple[Instalment, ...]
    source_ref: str

    def apply(self, case: Case) -> None:
        case.debts.by_id[self.debt_id].instalments.update((each.number, each) for each in self.instalments)
