"""Sendable: everything is looked at again in the last moment, because hours may lie between a permit and the mail server's patience."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.permit_book import PermitState
from services.contacts.domain.permit_facts import facts_of
from services.contacts.domain.permitting import Policies
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint
from services.contacts.domain.policy.deciding import decide
from services.contacts.domain.policy.facts import Action
from services.contacts.domain.policy.terms import channel_of
from services.contacts.domain.template import Template, TemplateState


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the rules say now. Empty: it may be sent."""

    reason_code: str = ""
    next_allowed_at: datetime | None = None

    def is_allowed_by(self, instant: datetime) -> bool:
        """Not now, and again before `instant`, if nothing new happens."""
        return bool(self.reason_code) and self.next_allowed_at is not None and self.next_allowed_at < instant


def why_not(interaction: Interaction, person: Person, file: CaseFile, template: Template, now: datetime) -> str:
    """The first reason, in fixed order, for which the message is not sent after all, whatever the hour; empty: there is none."""
    message, contact = interaction.message, interaction.contact
    assert message is not None
    version = template.versions.get(message.template_version)
    permit = person.permits.by_id.get(contact.permit_id) if contact.permit_id is not None else None
    if not file.exists or file.is_closed:
        return "CASE_IS_CLOSED"
    if file.stopped_at(now):
        return "CONTACT_IS_ON_HOLD"
    if permit is not None and permit.state is not PermitState.CONSUMED:
        return "PERMIT_REVOKED"
    if version is None or version.state is not TemplateState.APPROVED:
        return "TEMPLATE_IS_RETIRED"
    if point_of(interaction, person) is None:
        return "POINT_IS_NOT_VALID"
    return "PERMIT_EXPIRED" if message.send_before <= now else ""


def point_of(interaction: Interaction, person: Person) -> ContactPoint | None:
    """The point that was permitted, where it may still be used."""
    point_id = interaction.contact.point_id
    point = person.points.by_id.get(point_id) if point_id is not None else None
    return point if point is not None and point.may_be_used else None


def weigh_again(interaction: Interaction, person: Person, packs: RulePacks, file: CaseFile, policies: Policies, now: datetime) -> Weighed:
    """By the rules in force now and what is known now, this very message not counted: a night may have come, or a word from the person."""
    contact = interaction.contact
    assert contact.channel is not None
    assert contact.purpose is not None
    facts = facts_of(person, file, now)
    own = {interaction.id, contact.permit_id}
    without = replace(facts, attempts=tuple(attempt for attempt in facts.attempts if attempt.id not in own))
    held = file.debts_held_at(now)
    debts = [debt for debt in file.debts if debt not in held] or list(file.debts)
    action = Action(
        channel=channel_of(contact.channel.name.lower()),
        case_id=contact.case_id,
        creditor_id=file.client_id,
        debts=frozenset(debts),
        point_id=contact.point_id,
        purpose=contact.purpose.name,
    )
    decision = decide(packs.in_force_at(now, policies.read), without, action, now, tzdata=policies.tzdata, with_alternatives=False)
    return Weighed(decision.reasons[0].code, decision.next_allowed_at) if decision.reasons else Weighed()
