"""Blocks of output about one contact, the codes of outcomes, a permit as it stands, and what contacts has heard of a case."""

from __future__ import annotations

from collections.abc import Iterable

from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame, word_of
from clients.cli.message_words import MESSAGE_WORDS
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.permit_words import PERMIT_WORDS
from clients.cli.words import Words


def interaction_block(each: messages.Interaction, words: Words) -> RenderableType:
    said, named = MESSAGE_WORDS[words.lang], PEOPLE_WORDS[words.lang]
    why = each.reason_code or (messages.DeliveryCause.Name(each.cause) if each.cause else "")
    how = (types.Channel.Name(each.channel), "CHANNEL_"), (types.Direction.Name(each.direction), "DIRECTION_")
    facts = pairs_frame()
    facts.add_row(said.channel, Text.assemble(" ".join(said.code(*name) for name in how), (f"  {each.interaction_id}", "dim")))
    facts.add_row(words.case, each.case_id)
    facts.add_row(named.person, each.person_id)
    facts.add_row(said.began, moment(each.started_at))
    state = said.code(messages.InteractionState.Name(each.state), "INTERACTION_STATE_")
    facts.add_row(said.state, ": ".join(part for part in (state, word_of(why, "DELIVERY_CAUSE_")) if part))
    flags = ", ".join(said.code(messages.OutcomeFlag.Name(flag), "OUTCOME_FLAG_") for flag in each.flags)
    outcome = said.code(each.code, "") if each.code else ""
    facts.add_row(said.outcome, Text(f"{outcome} ({flags})" if flags else outcome) or NOTHING)
    others = {
        PERMIT_WORDS[words.lang].permit: each.permit_id,
        said.seconds: str(each.duration_seconds or ""),
        said.by: each.reported_by,
        "SHA-256": each.rendered_hash.hex(),
    }
    for name, value in others.items():
        if value:
            facts.add_row(name, value)
    return Group(facts, Text(said.breach, style="bold red")) if each.is_breach else facts


def codes_block(codes: Iterable[messages.OutcomeCode], words: Words) -> RenderableType:
    """Your own codes with the outcome each stands for."""
    said = MESSAGE_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.code_name, overflow="fold", ratio=1)
    table.add_column(said.outcome, overflow="fold", ratio=1)
    table.add_column(said.implies, overflow="fold", ratio=1)
    for each in codes:
        flags = ", ".join(said.code(messages.OutcomeFlag.Name(flag), "OUTCOME_FLAG_") for flag in each.flags)
        outcome = said.code(messages.Outcome.Name(each.outcome), "OUTCOME_")
        table.add_row(Text.assemble(each.code, (f"\n{each.label}" if each.label else "", "dim")), outcome, flags or NOTHING)
    return table


def permit_block(permit: permits.ContactPermit, words: Words) -> RenderableType:
    said, named = PERMIT_WORDS[words.lang], MESSAGE_WORDS[words.lang]
    facts = pairs_frame()
    state = permits.ContactPermit.State.Name(permit.state).removeprefix("STATE_")
    facts.add_row(said.permit, Text.assemble((said.states[state], "bold"), (f"  {permit.permit_id}", "dim")))
    if permit.case_id:
        facts.add_row(words.case, permit.case_id)
        facts.add_row(named.channel, named.code(types.Channel.Name(permit.channel), "CHANNEL_"))
    rows = {
        said.granted_at: moment(permit.granted_at) if permit.HasField("granted_at") else "",
        said.expires: moment(permit.expires_at) if permit.HasField("expires_at") else "",
        said.next_allowed: moment(permit.next_allowed_at) if permit.HasField("next_allowed_at") else "",
        said.obligations: "\n".join(permit.obligations),
        said.attempt: permit.attempt_id,
    }
    for name, value in rows.items():
        if value:
            facts.add_row(name, value)
    return facts


def case_file_block(file: people.GetCaseFileResponse, words: Words) -> RenderableType:
    """Who may be contacted about it, and what stands in the way."""
    said = PEOPLE_WORDS[words.lang]
    facts = pairs_frame()
    state = said.closed if file.is_closed else said.stopped if file.is_stopped else ""
    facts.add_row(words.case, Text.assemble((file.external_ref, "bold"), (f"  {file.case_id}  ", "dim"), (state, "yellow")))
    facts.add_row(said.law, f"{file.jurisdiction}  {file.zone}  {file.calendar}")
    for party in file.parties:
        was = f"  ({said.was_also} {party.person_id})" if party.living_person_id not in ("", party.person_id) else ""
        facts.add_row(word_of(party.role, ""), f"{party.living_person_id or party.person_id}{was}")
    for hold in file.holds:
        until = hold.ended_on if hold.HasField("ended_on") else hold.through if hold.HasField("through") else None
        heeded = (f"  {said.heeded}", "green") if hold.is_heeded else (f"  {said.not_heeded}", "bold red")
        spans = f"{day(getattr(hold, 'from'))} – {day(until) if until else ''}"
        facts.add_row(word_of(hold.kind, ""), Text.assemble(spans, heeded, (f"  {hold.hold_id}", "dim")))
    return facts
