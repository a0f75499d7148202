"""Permitting: what may be decided about permits and about contacts made: check and reserve in one step, on the whole history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.casefile import CaseFile, ContactMade
from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.packs import ReadPack, RulePacks
from services.contacts.domain.permit_facts import facts_of
from services.contacts.domain.permits import (
    Answer,
    AnswerKind,
    AttemptOutsidePermitRecorded,
    AttemptResult,
    AttemptResultRecorded,
    ContactCounted,
    ContactHistoryTakenOver,
    ContactPermitConsumed,
    ContactPermitDeferred,
    ContactPermitDenied,
    ContactPermitExpired,
    ContactPermitGranted,
    ContactPermitReleased,
    ContactPermitRevoked,
    ContactReceived,
    Permit,
    PermitState,
)
from services.contacts.domain.policy.deciding import Versions, decide
from services.contacts.domain.policy.decision import NO_OVERRIDE, ContactDecision, Override
from services.contacts.domain.policy.facts import Action
from services.contacts.domain.policy.floor import FLOOR, FLOOR_ID, FLOORS
from services.contacts.domain.policy.pack import Pack
from services.contacts.domain.policy.terms import Verdict, channel_of
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

VALID_FOR = timedelta(minutes=15)
VALID_FOR_MAX = timedelta(hours=24)
OPEN_PERMITS_MAX = 100
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
HISTORY_PART = 1_500
"""Ids told in one fact when a history is taken over, about: an event has its measure."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What decisions are taken with: how packs are read, and the version of the time zone data."""

    read: ReadPack
    tzdata: str = ""


@dataclass(frozen=True, slots=True)
class PermitAsked:
    """A contact that somebody wants to make."""

    permit_id: UUID
    case_id: UUID
    channel: Channel
    purpose: Purpose
    point_id: UUID | None = None
    request_ref: UUID | None = None
    """TreatmentRequested.request_id; None: asked by API."""
    ready_to_wait: timedelta = timedelta(0)
    """A no that ends within this time is told as deferred."""
    valid_for: timedelta = VALID_FOR
    debts: tuple[UUID, ...] = ()
    """None: those of the case that may be spoken of."""
    party: str = "consumer"
    campaign: str = ""
    mode: str = ""
    cli_type: str = ""
    in_reply_to: UUID | None = None
    grounds: tuple[str, ...] = ()
    override: Override = NO_OVERRIDE


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A contact that somebody made, as it is reported."""

    attempt_id: UUID
    case_id: UUID
    channel: Channel
    direction: Direction
    result: AttemptResult
    reported_by: str
    permit_id: UUID | None = None
    point_id: UUID | None = None
    campaign: str = ""


class PermitIsUnknown(IsUnknown):
    """There is no such permit, or none that the caller may see."""


class PermitIsNotOpen(Refusal):
    """The permit has been used, given back, revoked, or has run out: ask for another one."""


class TooManyOpenPermits(Refusal):
    """As many permits of the person are open as may be: use them, or give them back."""


# Asked ------------------------------------------------------------------------


def weigh(
    person: Person, packs: RulePacks, file: CaseFile, asked: PermitAsked, policies: Policies, at: datetime, floor: Pack = FLOOR
) -> ContactDecision:
    """The whole answer, without any effect. A pure function of the streams, what is asked, and the instant."""
    person.must_be_live()
    file.must_be_known()
    return decide(
        packs.in_force_at(at, policies.read),
        facts_of(person, file, at),
        _action(file, asked, at),
        at,
        Versions(person.version, file.version, packs.version),
        asked.override,
        policies.tzdata,
        floor=floor,
    )


def request(person: Person, packs: RulePacks, file: CaseFile, asked: PermitAsked, policies: Policies) -> ContactDecision | None:
    """Check and reserve. Whatever the answer, it is told with all its reasons: a denial is evidence too. Asked twice: told once (None)."""
    if asked.permit_id in person.permits.answers:
        return None
    if asked.point_id is not None and asked.point_id not in person.points.by_id:
        raise IsInvalid("point_id", "is no contact point of the person")
    decision = weigh(person, packs, file, asked, policies, person.now)
    if decision.verdict is Verdict.DENY:
        _tell_no(person, asked, decision)
        return decision
    if sum(permit.is_open_at(person.now) for permit in person.permits.open.values()) >= OPEN_PERMITS_MAX:
        raise TooManyOpenPermits(permits_max=OPEN_PERMITS_MAX)
    person.tell(
        ContactPermitGranted(
            **person.next(),
            permit_id=asked.permit_id,
            case_id=asked.case_id,
            person_id=person.id,
            channel=asked.channel,
            purpose=asked.purpose,
            point_id=asked.point_id,
            request_ref=asked.request_ref,
            expires_at=person.now + min(asked.valid_for, VALID_FOR_MAX),
            decision=decision,
            client_id=file.client_id,
        )
    )
    return decision


def asked_of(told: ContactPermitGranted | ContactPermitDeferred | ContactPermitDenied) -> PermitAsked:
    """What was asked, as it was told with the answer: asked again of the same streams, it has the same answer."""
    asking = told.decision.asking
    return PermitAsked(
        told.permit_id,
        told.case_id,
        told.channel,
        told.purpose,
        told.point_id,
        told.request_ref,
        debts=asking.debts,
        party=asking.party,
        campaign=asking.campaign,
        mode=asking.mode,
        cli_type=asking.cli_type,
        in_reply_to=asking.in_reply_to,
        grounds=asking.grounds,
        override=Override(asking.override_ground, asking.evidence_ref),
    )


def explain(
    person: Person,
    packs: RulePacks,
    file: CaseFile,
    told: ContactPermitGranted | ContactPermitDeferred | ContactPermitDenied,
    read: ReadPack,
) -> ContactDecision:
    """The decision again, of the streams as they stood then, by the floor and the time zones that it was taken with."""
    decision = told.decision
    floor = next((FLOORS[used.version] for used in decision.packs if used.pack_id == FLOOR_ID), FLOOR)
    return weigh(person, packs, file, asked_of(told), Policies(read, decision.tzdata), decision.evaluated_at, floor)


def _tell_no(person: Person, asked: PermitAsked, decision: ContactDecision) -> None:
    next_at = decision.next_allowed_at
    if next_at is not None and next_at <= person.now + asked.ready_to_wait:
        person.tell(
            ContactPermitDeferred(
                **person.next(),
                permit_id=asked.permit_id,
                case_id=asked.case_id,
                person_id=person.id,
                channel=asked.channel,
                purpose=asked.purpose,
                point_id=asked.point_id,
                request_ref=asked.request_ref,
                until=next_at,
                decision=decision,
            )
        )
        return
    person.tell(
        ContactPermitDenied(
            **person.next(),
            permit_id=asked.permit_id,
            case_id=asked.case_id,
            person_id=person.id,
            channel=asked.channel,
            purpose=asked.purpose,
            point_id=asked.point_id,
            request_ref=asked.request_ref,
            next_allowed_at=next_at,
            decision=decision,
        )
    )


def _action(file: CaseFile, asked: PermitAsked, at: datetime) -> Action:
    held = file.debts_held_at(at)
    # Debts on hold are left out of what is spoken of; where nothing else is left, they stand in the way.
    debts = asked.debts or tuple(debt for debt in file.debts if debt not in held) or tuple(file.debts)
    return Action(
        channel=channel_of(asked.channel.name.lower()),
        case_id=asked.case_id,
        creditor_id=file.client_id,
        debts=frozenset(debts),
        point_id=asked.point_id,
        party=asked.party,
        purpose=asked.purpose.name,
        campaign=asked.campaign,
        mode=asked.mode,
        cli_type=asked.cli_type,
        replies_to=asked.in_reply_to,
        grounds=frozenset(asked.grounds),
    )


def answer_to(person: Person, permit_id: UUID) -> Answer | None:
    """What was said to a request; None: nothing yet. For who composes with a request in the same unit."""
    return person.permits.answers.get(permit_id)


def is_granted(person: Person, permit_id: UUID) -> bool:
    answer = answer_to(person, permit_id)
    return answer is not None and answer.kind is AnswerKind.GRANTED


# Used -------------------------------------------------------------------------


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
    _consume(person, permit, attempt_id, "")


def use(person: Person, permit_id: UUID, attempt_id: UUID) -> None:
    """In the unit that granted it: nothing can have come in between."""
    if is_granted(person, permit_id) and person.permits.by_id[permit_id].attempt_id is None:
        _consume(person, _known(person, permit_id), attempt_id, "")


def _consume(person: Person, permit: Permit, attempt_id: UUID, reason_code: str) -> None:
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
    action, now = _action(file, asked, person.now), person.now
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


# Reported -----------------------------------------------------------------------


def report(person: Person, file: CaseFile, said: ContactReport) -> None:
    """A contact as it was made: by a permit, or outside of any, which is never refused: it is counted, and reported as a breach."""
    person.must_be_live()
    known = person.permits.contacts.get(said.attempt_id)
    if known is not None:
        if known.result != _completed(said.result, known.result):
            _tell_result(person, known, _completed(said.result, known.result))
        return
    client_id = file.client_id if file.version else None
    if said.direction is Direction.IN:
        _tell_received(person, said, client_id)
        return
    permit = person.permits.by_id.get(said.permit_id) if said.permit_id is not None else None
    why = _why_outside(person, permit, said)
    if permit is None or why:
        _tell_outside(person, said, client_id, why or "NO_PERMIT")
        return
    _consume(person, permit, said.attempt_id, "REPORTED")
    made = person.permits.contacts[said.attempt_id]
    _tell_result(person, made, _completed(said.result, made.result))


def note_result(person: Person, attempt_id: UUID, result: AttemptResult) -> None:
    """What became of a contact that is counted already; one that is not is passed over."""
    known = person.permits.contacts.get(attempt_id)
    if known is not None and known.result != _completed(result, known.result):
        _tell_result(person, known, _completed(result, known.result))


def _completed(result: AttemptResult, known: AttemptResult) -> AttemptResult:
    """A report that names no debts speaks of those that the permit was for; whoever answered, it was placed to whom it was for."""
    return replace(result, debts=result.debts or known.debts, party=known.party)


def _why_outside(person: Person, permit: Permit | None, said: ContactReport) -> str:
    """Why the permit that was named does not cover the contact; empty: it does."""
    if permit is None:
        return "NO_PERMIT" if said.permit_id is None else "PERMIT_UNKNOWN"
    if permit.state is PermitState.CONSUMED:
        return "PERMIT_USED"
    if permit.state in (PermitState.REVOKED, PermitState.RELEASED):
        return f"PERMIT_{permit.state.name}"
    if not permit.granted_at <= said.result.at < permit.expires_at:
        return "PERMIT_EXPIRED"
    if permit.state is PermitState.EXPIRED:
        # It was used in time and told late: the reservation is gone, the contact is not.
        return ""
    return "" if permit.channel is said.channel and permit.case_id == said.case_id else "PERMIT_FOR_ANOTHER_CONTACT"


def _tell_result(person: Person, contact: ContactCounted, result: AttemptResult) -> None:
    person.tell(
        AttemptResultRecorded(
            **person.next(),
            attempt_id=contact.attempt_id,
            permit_id=person.permits.used_by.get(contact.attempt_id),
            case_id=contact.case_id,
            person_id=contact.person_id,
            result=result,
        )
    )


def _tell_received(person: Person, said: ContactReport, client_id: UUID | None) -> None:
    person.tell(
        ContactReceived(
            **person.next(),
            attempt_id=said.attempt_id,
            case_id=said.case_id,
            person_id=person.id,
            channel=said.channel,
            at=said.result.at,
            reported_by=said.reported_by,
            result=said.result,
            point_id=said.point_id,
            client_id=client_id,
        )
    )


def _tell_outside(person: Person, said: ContactReport, client_id: UUID | None, reason_code: str) -> None:
    person.tell(
        AttemptOutsidePermitRecorded(
            **person.next(),
            attempt_id=said.attempt_id,
            case_id=said.case_id,
            person_id=person.id,
            channel=said.channel,
            direction=said.direction,
            at=said.result.at,
            reported_by=said.reported_by,
            result=said.result,
            point_id=said.point_id,
            client_id=client_id,
            campaign=said.campaign,
            permit_id=said.permit_id,
            reason_code=reason_code,
        )
    )


# One and the same ---------------------------------------------------------------


def take_over(person: Person, other: Person) -> None:
    """Contacts with the other count for this one: it is the same person."""
    _take_over(person, other, other.permits.contacts.values())


def end(other: Person) -> None:
    """A merged person's open permits are over: whoever wants to contact it asks the one it is."""
    revoke_open(other, None, "PERSON_MERGED")


def give_back(other: Person, person: Person) -> None:
    """They were two: what was contacted since by an address of the other counts for both."""
    made = person.permits.contacts.values()
    since = [replace(contact, person_id=other.id) for contact in made if contact.point_id in other.points.by_id]
    _take_over(other, person, since)


def _take_over(person: Person, other: Person, contacts: Iterable[ContactCounted]) -> None:
    part: list[ContactCounted] = []
    for contact in [contact for contact in contacts if contact.attempt_id not in person.permits.contacts]:
        if part and sum(map(_weight, part)) + _weight(contact) > HISTORY_PART:
            _tell_part(person, other, part)
            part = []
        part.append(contact)
    if part:
        _tell_part(person, other, part)


def _weight(contact: ContactCounted) -> int:
    """In ids, about."""
    result = contact.result
    return 10 + len(result.debts) + len(result.conversation_debts) + len(result.flags)


def _tell_part(person: Person, other: Person, part: Sequence[ContactCounted]) -> None:
    person.tell(ContactHistoryTakenOver(**person.next(), from_person_id=other.id, contacts=tuple(part)))
