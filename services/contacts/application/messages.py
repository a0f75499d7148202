"""The verbs of messages: templates, attempts on their way, and what came of every contact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.contacts.adapters import liquid_texts
from services.contacts.application.permits import policies
from services.contacts.domain import attempting, casefile, contacting, messaging, outcomes, packs, recording, spoken_of, template
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.contacting import ContactSaid, OutcomeSaid
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.messaging import MessageAsked
from services.contacts.domain.outcomes import Outcome, OutcomeCodes, OutcomeFlag
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.person import Person
from services.contacts.domain.spoken_of import Creditor, PromiseSpokenOf
from services.contacts.domain.template import Draft, Template
from services.kernel.facts import Causation, Change, Claim
from services.kernel.money import Money
from services.kernel.sealed import Sealed

NO_PROMISE = UUID(int=0)
"""Of which nothing is known."""

# Templates ----------------------------------------------------------------------------------------------------------------


def draft_template(tenant_id: str, draft: Draft) -> Change[Template]:
    decide = partial(template.draft, asked=draft, examine=liquid_texts.examine)
    return Change(Template, template.stream_of(tenant_id, draft.name), decide)


def approve_template(tenant_id: str, name: str, version: int, approver: str) -> Change[Template]:
    return Change(Template, template.stream_of(tenant_id, name), partial(template.approve, version=version, approver=approver))


def retire_template(tenant_id: str, name: str, version: int, reason_code: str) -> Change[Template]:
    return Change(Template, template.stream_of(tenant_id, name), partial(template.retire, version=version, reason_code=reason_code))


# Outcome codes --------------------------------------------------------------------------------------------------------------


def map_outcome_code(tenant_id: str, code: str, outcome: Outcome, flags: Iterable[OutcomeFlag], label: str) -> Change[OutcomeCodes]:
    decide = partial(outcomes.map_code, code=code, outcome=outcome, flags=tuple(flags), label=label)
    return Change(OutcomeCodes, outcomes.stream_of(tenant_id), decide)


def withdraw_outcome_code(tenant_id: str, code: str) -> Change[OutcomeCodes]:
    return Change(OutcomeCodes, outcomes.stream_of(tenant_id), partial(outcomes.withdraw_code, code=code))


# Attempts on their way ------------------------------------------------------------------------------------------------------


def provider_ref_claim(provider_ref: str) -> Claim:
    """By the provider's name for a message its attempt is found."""
    return Claim("provider-ref", provider_ref)


def note_link(interaction_id: UUID, link_id: UUID, expires_at: datetime, origin: Causation) -> Change[Interaction]:
    return Change(Interaction, interaction_id, partial(attempting.note_link, link_id=link_id, expires_at=expires_at, origin=origin))


def come_to_nothing(asked: MessageAsked, person_id: UUID, reason_code: str) -> Change[Interaction]:
    """There is nothing to ask a permit for (messaging.why_not_asked): whoever asked hears why."""
    decide = partial(
        attempting.come_to_nothing, case_id=asked.case_id, person_id=person_id, request_ref=asked.request_ref, reason_code=reason_code
    )
    return Change(Interaction, asked.interaction_id, decide)


def send_message(tenant_id: str, asked: MessageAsked, person_id: UUID, link_key: bytes) -> tuple[Change[Any], ...]:
    """Ask for the permit and begin, in one unit."""
    token_hash = attempting.token_hash(attempting.link_token(link_key, asked.interaction_id))
    file = (CaseFile, casefile.stream_of(asked.case_id))
    return (
        Change(
            Person,
            person_id,
            partial(messaging.ask, asked=asked, policies=policies()),
            given=(
                (RulePacks, packs.stream_of(tenant_id)),
                file,
                (Template, asked.template_id),
                (PromiseSpokenOf, spoken_of.promise_stream(asked.promise_id or NO_PROMISE)),
            ),
        ),
        Change(
            Interaction,
            asked.interaction_id,
            partial(messaging.begin, asked=asked, link_token_hash=token_hash),
            given=((Person, person_id), file, (Template, asked.template_id)),
        ),
    )


def refuse_link(interaction: Interaction, origin: Causation) -> tuple[Change[Any], ...]:
    """Payments will not make the link: without it the message is not sent."""
    return _end(interaction, "LINK_REFUSED", partial(attempting.cancel, reason_code="LINK_REFUSED", origin=origin))


def cancel_attempt(interaction: Interaction, reason_code: str, may_have_been_sent: bool = False) -> tuple[Change[Any], ...]:
    decide = partial(attempting.cancel, reason_code=reason_code, may_have_been_sent=may_have_been_sent)
    return _end(interaction, reason_code, decide, may_have_been_sent)


def fail_attempt(
    interaction: Interaction, cause: DeliveryCause, status_code: str, tries: int, may_have_been_sent: bool = False
) -> tuple[Change[Any], ...]:
    decide = partial(attempting.fail, cause=cause, status_code=status_code, tries=tries, may_have_been_sent=may_have_been_sent)
    return _end(interaction, cause.name, decide, may_have_been_sent)


def _end(
    interaction: Interaction, reason_code: str, decide: Callable[[Interaction], None], may_have_been_sent: bool = False
) -> tuple[Change[Any], ...]:
    """It is not sent: the person's limits get back what was taken, then the attempt is over. What may be out stays counted."""
    if may_have_been_sent:
        return (Change(Interaction, interaction.id, decide),)
    give_back = partial(messaging.give_back, reason_code=reason_code)
    return (
        Change(Person, interaction.contact.person_id, give_back, given=((Interaction, interaction.id),)),
        Change(Interaction, interaction.id, decide),
    )


def bounce_attempt(
    interaction: Interaction, person: Person, is_permanent: bool, cause: DeliveryCause, status_code: str
) -> tuple[Change[Any], ...]:
    """`person`: whom the attempt's person is by now; a point that is dead is marked there."""
    decide = partial(attempting.bounce, is_permanent=is_permanent, cause=cause, status_code=status_code)
    note = partial(messaging.note_bounce, is_permanent=is_permanent, cause=cause)
    return (
        Change(Interaction, interaction.id, decide),
        Change(Person, person.id, note, given=((Interaction, interaction.id),)),
    )


def opt_out(tenant_id: str, interaction: Interaction, person: Person) -> tuple[Change[Any], ...]:
    """Whoever got the message wants no more by this channel."""
    if interaction.result is not None:
        return ()
    return record_outcome(tenant_id, interaction, person, OutcomeSaid("DO_NOT_CONTACT", "contacts-mailbox"))


def dispatch_attempt(interaction_id: UUID, provider_ref: str, rendered_hash: bytes, rendered: Sealed, tries: int) -> Change[Interaction]:
    decide = partial(attempting.dispatch, provider_ref=provider_ref, rendered_hash=rendered_hash, rendered=rendered, tries=tries)
    return Change(Interaction, interaction_id, decide, claims=(provider_ref_claim(provider_ref),))


def deliver_attempt(interaction_id: UUID) -> tuple[Change[Any], ...]:
    return (Change(Interaction, interaction_id, attempting.deliver),)


def record_contact(tenant_id: str, interaction_id: UUID, said: ContactSaid, person_id: UUID) -> tuple[Change[Any], ...]:
    """A contact made elsewhere: counted on the person, and a record of its own. Outside of a permit it is a breach, and never refused."""
    codes, file = (OutcomeCodes, outcomes.stream_of(tenant_id)), (CaseFile, casefile.stream_of(said.case_id))
    return (
        Change(Person, person_id, partial(contacting.count, interaction_id=interaction_id, said=said), given=(file, codes)),
        Change(Interaction, interaction_id, partial(contacting.record, said=said), given=((Person, person_id), codes)),
    )


def record_outcome(tenant_id: str, interaction: Interaction, person: Person, said: OutcomeSaid) -> tuple[Change[Any], ...]:
    codes = (OutcomeCodes, outcomes.stream_of(tenant_id))
    return (
        Change(Interaction, interaction.id, partial(contacting.record_outcome, said=said), given=(codes,)),
        Change(Person, person.id, contacting.note_outcome, given=((Interaction, interaction.id),)),
    )


# What came of it --------------------------------------------------------------------------------------------------------------


def correct_outcome(
    tenant_id: str, interaction: Interaction, person: Person, code: str, flags: Iterable[OutcomeFlag], reason_code: str
) -> tuple[Change[Any], ...]:
    added = tuple(flags)

    def decide(of: Interaction, codes: OutcomeCodes) -> None:
        recording.correct_outcome(of, outcomes.read(codes, code, added), reason_code)

    return (
        Change(Interaction, interaction.id, decide, given=((OutcomeCodes, outcomes.stream_of(tenant_id)),)),
        Change(Person, person.id, contacting.note_outcome, given=((Interaction, interaction.id),)),
    )


# What messages speak of -------------------------------------------------------------------------------------------------------


def note_creditor(client_id: UUID, name: str, origin: Causation) -> Change[Creditor]:
    decide = partial(spoken_of.note_creditor, client_id=client_id, name=name, origin=origin)
    return Change(Creditor, spoken_of.creditor_stream(client_id), decide)


def note_promise(promise_id: UUID, case_id: UUID, due_on: date, amount: Money, origin: Causation) -> Change[PromiseSpokenOf]:
    decide = partial(spoken_of.note_promise, promise_id=promise_id, case_id=case_id, due_on=due_on, amount=amount, origin=origin)
    return Change(PromiseSpokenOf, spoken_of.promise_stream(promise_id), decide)
