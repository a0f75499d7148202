"""Uses of permits: used once, given back, run out, revoked. What comes in between is looked at when it is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.casefile import CaseFile, ContactMade
from services.contacts.domain.channels import Direction
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.permit_book import Permit, PermitState
from services.contacts.domain.permit_facts import facts_of
from services.contacts.domain.permits import ContactPermitConsumed, ContactPermitExpired, ContactPermitReleased, ContactPermitRevoked
from services.contacts.domain.permitting import PermitAsked, Policies, action_of, is_granted
from services.contacts.domain.policy.deciding import decide
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class PermitIsUnknown(IsUnknown):
    """There is no such permit, or none that the caller may see."""


class PermitIsNotOpen(Refusal):
    """The permit has been used, given back, revoked, or has run out: ask for another one."""


def consume(person: Person, packs: RulePacks, file: CaseFile, permit_id: UUID, attempt_id: UUID, policies: Policies) -> None:
    """The contact is being made, now. What has come in between may stand in its way: then the permit is revoked instead."""
    permit = _known(person, permit_id)
    if permit.attempt_id == attempt_id:
        return
    if not permit.is_open_at(person.now):
        raise PermitIsNotOpen(permit_id=permit_id, state=state_at(permit, person.now).name)
    stands_in_the_way = _stands_in_the_way(person, packs, file, permit, policies)
    if stands_in_the_way:
        revoke(person, permit, stands_in_the_way)
        return
    tell_consumed(person, permit, attempt_id, "")


def use(person: Person, permit_id: UUID, attempt_id: UUID) -> None:
    """In the unit that granted it: nothing can have come in between."""
    if is_granted(person, permit_id) and person.permits.by_id[permit_id].attempt_id is None:
        tell_consumed(person, _known(person, permit_id), attempt_id, "")


def tell_consumed(person: Person, permit: Permit, attempt_id: UUID, reason_code: str) -> None:
    person.tell(
        ContactPermitConsumed(
            **person.next(),
            permit_id=permit.id,
            case_id=permit.case_id,
            person_id=person.id,
            request_ref=permit.request_ref,
            attempt_id=attempt_id,
            reason_code=reason_code,
        )
    )


def _stands_in_the_way(person: Person, packs: RulePacks, file: CaseFile, permit: Permit, policies: Policies) -> str:
    """Code of the first reason, with everything counted but the permit's own reservation; empty: none."""
    if file.version == 0:
        return ""
    facts = facts_of(person, file, person.now)
    without = replace(facts, attempts=tuple(attempt for attempt in facts.attempts if attempt.id != permit.id))
    asked = PermitAsked(
        permit.id,
        permit.case_id,
        permit.channel,
        permit.purpose,
        permit.point_id,
        debts=permit.debts,
        party=permit.party,
        campaign=permit.campaign,
        in_reply_to=permit.in_reply_to,
        grounds=permit.grounds,
        override=permit.override,
    )
    action, now = action_of(file, asked, person.now), person.now
    decision = decide(packs.in_force_at(now, policies.read), without, action, now, override=permit.override, with_alternatives=False)
    return decision.reasons[0].code if decision.reasons else ""


def release(person: Person, permit_id: UUID, reason_code: str) -> None:
    """It was not used, or the contact did not come about: it counts no longer. What became of a contact cannot be taken back so."""
    permit = _known(person, permit_id)
    if permit.state is PermitState.RELEASED:
        return
    if permit.state not in (PermitState.OPEN, PermitState.CONSUMED):
        raise PermitIsNotOpen(permit_id=permit_id, state=permit.state.name)
    person.tell(
        ContactPermitReleased(
            **person.next(),
            permit_id=permit.id,
            case_id=permit.case_id,
            person_id=person.id,
            request_ref=permit.request_ref,
            attempt_id=permit.attempt_id,
            reason_code=reason_code,
        )
    )


def expire(person: Person, permit_id: UUID) -> None:
    """Told by the clock."""
    permit = person.permits.open.get(permit_id)
    if permit is not None and permit.expires_at <= person.now:
        person.tell(
            ContactPermitExpired(
                **person.next(),
                permit_id=permit.id,
                case_id=permit.case_id,
                person_id=person.id,
                request_ref=permit.request_ref,
                reason_code="NOT_USED_IN_TIME",
            )
        )


def revoke(person: Person, permit: Permit, reason_code: str, hold_id: UUID | None = None) -> None:
    person.tell(
        ContactPermitRevoked(
            **person.next(),
            permit_id=permit.id,
            case_id=permit.case_id,
            person_id=person.id,
            request_ref=permit.request_ref,
            reason_code=reason_code,
            hold_id=hold_id,
        )
    )


def revoke_open(person: Person, case_id: UUID | None, reason_code: str, hold_id: UUID | None = None) -> tuple[UUID, ...]:
    """Every open permit of a case (None: of all), because of a hold or of something that the person said. Which they were."""
    open_ones = [permit for permit in person.permits.open.values() if case_id is None or permit.case_id == case_id]
    for permit in open_ones:
        revoke(person, permit, reason_code, hold_id)
    return tuple(permit.id for permit in open_ones)


def revoke_for_hold(person: Person, case_id: UUID, hold_id: UUID) -> None:
    revoke_open(person, case_id, "HOLD", hold_id)


def revoked_by(person: Person, hold_id: UUID) -> tuple[UUID, ...]:
    return tuple(permit.id for permit in person.permits.by_id.values() if permit.revoked_by == hold_id)


def contacts_since(person: Person, case_id: UUID, since: datetime, until: datetime = END_OF_TIME) -> tuple[ContactMade, ...]:
    """Contacts of ours about a case from an instant on, oldest first."""
    made = [
        ContactMade(contact.attempt_id, contact.result.at, contact.channel)
        for contact in person.permits.contacts.values()
        if contact.case_id == case_id and contact.direction is Direction.OUT and since <= contact.result.at < until
    ]
    return tuple(sorted(made, key=lambda contact: (contact.at, contact.interaction_id.bytes)))


def state_at(permit: Permit, at: datetime) -> PermitState:
    """A permit past its end has run out, told or not."""
    return PermitState.EXPIRED if permit.state is PermitState.OPEN and at >= permit.expires_at else permit.state


def _known(person: Person, permit_id: UUID) -> Permit:
    person.must_exist()
    permit = person.permits.by_id.get(permit_id)
    if permit is None:
        raise PermitIsUnknown(permit_id=permit_id)
    return permit
