"""Special circumstances (death, insolvency …): claimed, confirmed or refuted, with the hold that belongs to them; what closing rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import closing, holding, reviews
from services.cases.domain.circumstances import (
    CircumstanceIsOver,
    CircumstanceIsUnknown,
    CircumstanceKind,
    CircumstanceStatus,
    SpecialCircumstance,
    SpecialCircumstanceEnded,
    SpecialCircumstanceRecorded,
    Visibility,
)
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind
from services.cases.domain.parties import must_be_party
from services.kernel.facts import Causation
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case


@dataclass(frozen=True, slots=True)
class CircumstanceTerms:
    """What is special about whom, how sure we are of it, and who may see it."""

    person_id: UUID
    kind: CircumstanceKind
    status: CircumstanceStatus
    source: str
    visibility: Visibility
    evidence_refs: tuple[str, ...] = ()
    review_on: date | None = None


class CircumstanceIsOfAnotherKind(Refusal):
    """What is recorded under this id is something else, or of somebody else."""


def record(case: Case, circumstance_id: UUID, hold_id: UUID | None, terms: CircumstanceTerms, *, is_known: bool = False) -> None:
    """A new one, or (`is_known`) one that is known better now. Refuted, its hold ends, and a case closed on it reopens."""
    case.must_be_reportable()
    found = case.circumstances.special.get(circumstance_id)
    if found is None and is_known:
        raise CircumstanceIsUnknown(circumstance_id=circumstance_id)
    if found is not None and _says_the_same(found, terms):
        return
    _check(case, found, terms)
    hold = HoldTerms(HOLD_OF[terms.kind], terms.kind.name, case.happened_on, evidence_refs=terms.evidence_refs, ground_id=circumstance_id)
    is_placed = hold_id is not None and not holding.going_on(case, circumstance_id) and terms.status is not CircumstanceStatus.REFUTED
    if is_placed:
        holding.check(case, hold)
    case.tell(
        SpecialCircumstanceRecorded(
            **case.next(),
            circumstance_id=circumstance_id,
            person_id=terms.person_id,
            kind=terms.kind,
            status=terms.status,
            source=terms.source,
            evidence_refs=terms.evidence_refs,
            visibility=terms.visibility,
            review_on=terms.review_on,
            hold_id=hold_id if is_placed else found.hold_id if found else None,
        )
    )
    recorded = Causation(case.id, case.version)
    if hold_id is not None and is_placed:
        holding.place(case, hold_id, hold)
    if terms.status is CircumstanceStatus.REFUTED:
        holding.lift_all_of(case, circumstance_id, "CIRCUMSTANCE_REFUTED")
    closing.reopen_where_ground_is_gone(case, recorded)


def end(case: Case, circumstance_id: UUID, reason_code: str) -> None:
    """No longer so: its hold ends, and a case closed on it reopens."""
    case.must_be_reportable()
    found = case.circumstances.special.get(circumstance_id)
    if found is None:
        raise CircumstanceIsUnknown(circumstance_id=circumstance_id)
    if found.is_ended:
        return
    case.tell(SpecialCircumstanceEnded(**case.next(), circumstance_id=circumstance_id, reason_code=reason_code))
    ended = Causation(case.id, case.version)
    holding.lift_all_of(case, circumstance_id, "CIRCUMSTANCE_ENDED")
    closing.reopen_where_ground_is_gone(case, ended)


def _check(case: Case, found: SpecialCircumstance | None, terms: CircumstanceTerms) -> None:
    must_be_party(case, terms.person_id)
    case.must_have_begun_by(case.happened_on)
    if found is None:
        reviews.must_have_room(case)
    elif (found.kind, found.person_id) != (terms.kind, terms.person_id):
        raise CircumstanceIsOfAnotherKind(circumstance_id=found.id)
    elif found.is_ended:
        raise CircumstanceIsOver(circumstance_id=found.id)
    if terms.status is CircumstanceStatus.CONFIRMED and not terms.evidence_refs:
        raise IsInvalid("evidence_refs", "must be given: what is confirmed has a proof")
    if terms.review_on is not None:
        reviews.check(case, terms.review_on)


def _says_the_same(found: SpecialCircumstance, terms: CircumstanceTerms) -> bool:
    return not found.is_review_due and (
        found.person_id,
        found.kind,
        found.status,
        found.source,
        found.visibility,
        found.evidence_refs,
        found.review_on,
    ) == (terms.person_id, terms.kind, terms.status, terms.source, terms.visibility, terms.evidence_refs, terms.review_on)


HOLD_OF: Mapping[CircumstanceKind, HoldKind] = {
    CircumstanceKind.DECEASED: HoldKind.DECEASED,
    CircumstanceKind.INSOLVENCY: HoldKind.INSOLVENCY,
    CircumstanceKind.SECOND_CHANCE: HoldKind.INSOLVENCY,
    CircumstanceKind.MILITARY_SERVICE: HoldKind.LEGAL,
    CircumstanceKind.INCARCERATION: HoldKind.LEGAL,
    CircumstanceKind.FRAUD_VICTIM: HoldKind.LEGAL,
    CircumstanceKind.LEGAL_REPRESENTATION: HoldKind.LEGAL,
}
"""The hold that belongs to a kind."""
