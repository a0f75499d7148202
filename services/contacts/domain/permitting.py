"""Permitting: may this person be contacted so? Checked and reserved in one step, on the whole history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.packs import ReadPack, RulePacks
from services.contacts.domain.permit_book import Answer, AnswerKind
from services.contacts.domain.permit_facts import facts_of
from services.contacts.domain.permits import ContactPermitDeferred, ContactPermitDenied, ContactPermitGranted
from services.contacts.domain.policy.deciding import Versions, decide
from services.contacts.domain.policy.decision import NO_OVERRIDE, ContactDecision, Override
from services.contacts.domain.policy.facts import Action
from services.contacts.domain.policy.floor import FLOOR, FLOOR_ID, FLOORS
from services.contacts.domain.policy.pack import Pack
from services.contacts.domain.policy.terms import Verdict, channel_of
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

VALID_FOR = timedelta(minutes=15)
VALID_FOR_MAX = timedelta(hours=24)
OPEN_PERMITS_MAX = 100


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
        action_of(file, asked, at),
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


def action_of(file: CaseFile, asked: PermitAsked, at: datetime) -> Action:
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
