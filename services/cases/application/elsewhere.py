"""The verbs of what other services did and decided, as it is recorded on the case."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from services.cases.domain import recording
from services.cases.domain.assignment import Requirements
from services.cases.domain.case import Case
from services.cases.domain.recording import Contact, Permit, Treatment
from services.kernel.facts import Causation, Change


def record_interaction(case_id: UUID, contact: Contact, origin: Causation) -> Change[Case]:
    return Change(Case, case_id, partial(recording.record_interaction, contact=contact, origin=origin))


def record_permit(case_id: UUID, permit: Permit, origin: Causation) -> Change[Case]:
    return Change(Case, case_id, partial(recording.record_permit, permit=permit, origin=origin))


def record_treatment(case_id: UUID, treatment: Treatment, wanted: Requirements, reason_code: str, origin: Causation) -> Change[Case]:
    decide = partial(recording.record_treatment, treatment=treatment, wanted=wanted, reason_code=reason_code, origin=origin)
    return Change(Case, case_id, decide)
