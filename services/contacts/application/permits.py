"""Permits: who may be contacted so, now. Every change decides on the person, the tenant's packs and the case file together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from services.contacts.adapters import pack_store
from services.contacts.domain import casefile, contact_reports, packs, permit_uses, permitting
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.contact_reports import ContactReport
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.permitting import PermitAsked, Policies
from services.contacts.domain.person import Person
from services.contacts.domain.policy.decision import ContactDecision
from services.kernel.facts import Change, Stream

Hear = Callable[[ContactDecision], None]
"""Called with the decision as it is taken; again where it is taken again."""


def policies() -> Policies:
    """What decisions are taken with here."""
    return Policies(pack_store.read, pack_store.tzdata_version())


def request_permit(tenant_id: str, person_id: UUID, asked: PermitAsked, hear: Hear = lambda _: None) -> Change[Person]:
    """Granted, deferred or denied: told with all its reasons. `permitting.answer_to(person, permit_id)` says which."""

    def decide(person: Person, rules: RulePacks, file: CaseFile) -> None:
        decision = permitting.request(person, rules, file, asked, policies())
        if decision is not None:
            hear(decision)

    return Change(Person, person_id, decide, given=_looked_at(tenant_id, asked.case_id))


def request_and_use(tenant_id: str, person_id: UUID, asked: PermitAsked, attempt_id: UUID) -> Change[Person]:
    """As `request_permit`; where it is granted, the attempt uses it at once.

    The next Change of the same unit takes `given=((Person, person_id),)` and begins the attempt where `permitting.is_granted`.
    """

    def decide(person: Person, rules: RulePacks, file: CaseFile) -> None:
        permitting.request(person, rules, file, asked, policies())
        permit_uses.use(person, asked.permit_id, attempt_id)

    return Change(Person, person_id, decide, given=_looked_at(tenant_id, asked.case_id))


def consume_permit(tenant_id: str, person_id: UUID, case_id: UUID, permit_id: UUID, attempt_id: UUID) -> Change[Person]:
    """Used; or revoked, where something has come in between that stands in its way."""
    decide = partial(permit_uses.consume, permit_id=permit_id, attempt_id=attempt_id, policies=policies())
    return Change(Person, person_id, decide, given=_looked_at(tenant_id, case_id))


def release_permit(person_id: UUID, permit_id: UUID, reason_code: str) -> Change[Person]:
    return Change(Person, person_id, partial(permit_uses.release, permit_id=permit_id, reason_code=reason_code))


def expire_permit(person_id: UUID, permit_id: UUID) -> Change[Person]:
    return Change(Person, person_id, partial(permit_uses.expire, permit_id=permit_id))


def revoke_permits(person_id: UUID, case_id: UUID, reason_code: str, hold_id: UUID | None = None) -> Change[Person]:
    """Every open permit of the case: a hold is heeded."""

    def decide(person: Person) -> None:
        permit_uses.revoke_open(person, case_id, reason_code, hold_id)

    return Change(Person, person_id, decide)


def report_contact(person_id: UUID, report: ContactReport) -> Change[Person]:
    """A contact that was made, by a permit or outside of any: counted from when it was made."""
    given = ((CaseFile, casefile.stream_of(report.case_id)),)
    return Change(Person, person_id, partial(contact_reports.report, said=report), given=given)


def _looked_at(tenant_id: str, case_id: UUID) -> tuple[tuple[type[Stream], UUID], ...]:
    return ((RulePacks, packs.stream_of(tenant_id)), (CaseFile, casefile.stream_of(case_id)))
