"""Blocks of output about messages: a template and its versions, what was sent, and the contacts of a person or a case."""

from __future__ import annotations

from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from clients.cli.frames import NOTHING, moment, pairs_frame, table_frame
from clients.cli.message_words import MESSAGE_WORDS, MessageWords
from clients.cli.words import Words

ID_CHARACTERS = 36
"""Of an id: it is copied whole."""


def draft_block(answer: messages.DraftTemplateResponse, name: str, words: Words) -> RenderableType:
    said = MESSAGE_WORDS[words.lang]
    return Group(
        Text(said.drafted.format(name=name, version=answer.version)),
        Text(f"\n{said.sample}", style="dim"),
        _text(answer.sample_subject, answer.sample_body),
        Text(f"{said.checked}: {', '.join(check.rule_id for check in answer.checks)}", style="dim"),
    )


def template_block(template: messages.GetTemplateResponse, words: Words) -> RenderableType:
    """The newest version first, with its sample; the others in one line each."""
    said = MESSAGE_WORDS[words.lang]
    blocks: list[RenderableType] = []
    for version in reversed(template.versions):
        pairs = pairs_frame()
        state = said.code(messages.TemplateVersion.State.Name(version.state), "STATE_")
        pairs.add_row(said.version, Text.assemble((str(version.version), "bold"), f"  {state}"))
        pairs.add_row(said.language, version.locale)
        pairs.add_row(said.place, version.jurisdiction)
        pairs.add_row(said.author, version.author)
        if version.approver:
            pairs.add_row(said.approver, version.approver)
        pairs.add_row(said.needs, ", ".join(version.needs) or NOTHING)
        pairs.add_row(said.checked, ", ".join(check.rule_id for check in version.checks))
        blocks += [pairs, _text(version.sample_subject, version.sample_body)]
    return Group(*blocks)


def send_block(answer: messages.SendMessageResponse, words: Words) -> RenderableType:
    said = MESSAGE_WORDS[words.lang]
    if answer.verdict == messages.SendMessageResponse.VERDICT_GRANTED:
        return Text(said.granted.format(interaction=answer.interaction_id), style="green")
    is_deferred = answer.verdict == messages.SendMessageResponse.VERDICT_DEFERRED
    reasons = ", ".join(code.lower().replace("_", " ") for code in answer.reason_codes)
    when = said.at.format(at=moment(answer.next_allowed_at)) if answer.HasField("next_allowed_at") else said.not_by_itself
    return Group(Text((said.deferred if is_deferred else said.denied).format(reasons=reasons), style="yellow"), Text(when))


def text_block(answer: messages.GetInteractionTextResponse, words: Words) -> RenderableType:
    said = MESSAGE_WORDS[words.lang]
    blocks: list[RenderableType] = []
    if answer.is_erased:
        blocks.append(Text(said.erased, style="yellow"))
    elif answer.body:
        blocks += [_text(answer.subject, answer.body), Text(said.proven if answer.is_proven else said.not_proven, style="dim")]
    else:
        blocks.append(Text(said.nothing_sent, style="dim"))
    if answer.rendered_hash:
        blocks.append(Text(f"SHA-256 {answer.rendered_hash.hex()}", style="dim"))
    if answer.notes:
        blocks.append(Text(f"{said.notes}: {answer.notes}"))
    return Group(*blocks)


def interactions_block(found: messages.ListInteractionsResponse, words: Words) -> RenderableType:
    said = MESSAGE_WORDS[words.lang]
    if not found.interactions:
        return Text(said.nobody_contacted, style="dim")
    table = table_frame()
    table.add_column(said.began, no_wrap=True)
    table.add_column(said.channel, overflow="fold")
    table.add_column(said.state, overflow="fold", ratio=1)
    table.add_column(said.outcome, overflow="fold", ratio=1)
    table.add_column("", no_wrap=True, style="dim", min_width=ID_CHARACTERS)
    for each in found.interactions:
        table.add_row(
            moment(each.started_at),
            f"{_code(said, types.Channel, each.channel, 'CHANNEL_')} {_code(said, types.Direction, each.direction, 'DIRECTION_')}".strip(),
            _state(each, said),
            _outcome(each, said),
            each.interaction_id,
        )
    return table


def _state(each: messages.Interaction, said: MessageWords) -> Text:
    text = Text(_code(said, messages.InteractionState, each.state, "INTERACTION_STATE_"))
    why = each.reason_code or (_code(said, messages.DeliveryCause, each.cause, "DELIVERY_CAUSE_") if each.cause else "")
    if why:
        text.append(f"\n{why.lower().replace('_', ' ')}", style="dim")
    return text


def _outcome(each: messages.Interaction, said: MessageWords) -> Text:
    text = Text(said.code(each.code, ""))
    if each.is_breach:
        text.append(" !", style="bold red")
    return text


def _code(said: MessageWords, enum: object, number: int, prefix: str) -> str:
    return said.code(enum.Name(number), prefix) if number else ""  # type: ignore[attr-defined]  # a protobuf enumeration


def _text(subject: str, body: str) -> RenderableType:
    return Padding(Group(Text(subject, style="bold"), Text(body.rstrip("\n"))), (0, 0, 1, 2))
