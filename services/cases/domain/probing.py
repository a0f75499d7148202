"""Probing (sondeo): a questionnaire answered about a case. Each answer is a fact of the dossier; this says where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class QuestionnaireAnswered(Fact):
    questionnaire_id: UUID
    number: int
    fact_ids: tuple[UUID, ...]
    person_id: UUID
    interaction_id: UUID | None
    withheld: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.dossier.probings.append((self.questionnaire_id, self.number, self.timestamp))
