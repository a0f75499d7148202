"""`acuerdo message`: what is written to people: drafted, approved by somebody else, sent with a permit, and shown as it was sent."""

from __future__ import annotations

from pathlib import Path

from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as types
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.lookup import case_id_of
from clients.cli.message_blocks import draft_block, send_block, template_block, text_block
from clients.cli.message_words import MESSAGE_WORDS
from clients.cli.reading import id_of, member, new_id

app = App(name="message", help="Messages (mensajes): templates with four eyes, messages sent with a permit, and what was said.")


@app.command
async def draft(
    name: str,
    file: Path,
    *,
    purpose: str = "reminder",
    channel: str = "email",
    locale: str = "es-ES",
    jurisdiction: str = "ES",
    ask: Asking = ASKING,
) -> None:
    """Draft a version of a template. It is checked, shown with samples, and not sent before somebody else approves it.

    Parameters
    ----------
    name
        Its name for ever, e.g. first-reminder.
    file
        Its text: the subject in the first line, then the body, with variables such as {{ name }}, {{ creditor }}, {{ link }}.
    purpose
        reminder, collection, promise-follow-up, service or legal-notice.
    channel
        Today: email.
    locale
        Its language, e.g. es-ES.
    jurisdiction
        The country, or part of one, whose content rules it is checked against.
    """
    subject, body = _text_of(file)
    request = messages.DraftTemplateRequest(
        request_id=id_of("draft", name, subject, body, locale, jurisdiction),
        name=name,
        channel=member(types.Channel, channel, "--channel"),
        purpose=member(types.Purpose, purpose, "--purpose"),
        locale=locale,
        jurisdiction=jurisdiction,
        subject=subject,
        body=body,
    )
    async with ask.doors() as doors:
        answer = await doors.messages.DraftTemplate(request)
    ask.answer(answer, draft_block(answer, name, ask.words))


def _text_of(file: Path) -> tuple[str, str]:
    """Subject and body. Failure where the file cannot be read."""
    try:
        subject, _, body = file.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{file} cannot be read: {type(error).__name__}") from error
    return subject.strip(), body.strip("\n")


@app.command
async def approve(name: str, version: int, *, ask: Asking = ASKING) -> None:
    """From now on that version is sent. Whoever drafted it may not approve it.

    Parameters
    ----------
    name
        The template's name.
    version
        Which version of it.
    """
    request = messages.ApproveTemplateRequest(request_id=new_id(), name=name, version=version)
    async with ask.doors() as doors:
        answer = await doors.messages.ApproveTemplate(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].approved.format(name=name, version=version))


@app.command
async def retire(name: str, version: int, reason: str, *, ask: Asking = ASKING) -> None:
    """That version is sent no more, also where an attempt with it has begun.

    Parameters
    ----------
    name
        The template's name.
    version
        Which version of it.
    reason
        Code of the reason.
    """
    request = messages.RetireTemplateRequest(request_id=new_id(), name=name, version=version, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.messages.RetireTemplate(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].retired.format(name=name, version=version))


@app.command
async def template(name: str, *, ask: Asking = ASKING) -> None:
    """A template with its versions, each with samples.

    Parameters
    ----------
    name
        The template's name.
    """
    async with ask.doors() as doors:
        answer = await doors.messages.GetTemplate(messages.GetTemplateRequest(name=name))
    ask.answer(answer, template_block(answer, ask.words))


@app.command
async def send(
    case: str,
    person: str,
    template: str,
    *,
    purpose: str = "reminder",
    channel: str = "email",
    link: bool = False,
    promise: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Ask for a permit and, where it is granted, send. A denial is an answer: it says why, and until when.

    Parameters
    ----------
    case
        Id of the case, or the client's reference.
    person
        Id of the person.
    template
        The template's name.
    purpose
        reminder, collection, promise-follow-up, service or legal-notice.
    channel
        Today: email.
    link
        With a payment link.
    promise
        Id of the promise it is about.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = messages.SendMessageRequest(
        request_id=new_id(),
        person_id=person,
        template=template,
        channel=member(types.Channel, channel, "--channel"),
        purpose=member(types.Purpose, purpose, "--purpose"),
        wants_link=link,
        promise_id=promise,
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.messages.SendMessage(request)
    ask.answer(answer, send_block(answer, ask.words))


@app.command
async def show(interaction: str, *, purpose: str = "CASEWORK", ask: Asking = ASKING) -> None:
    """What a person was sent, word for word but for the payment link's token. The reading is recorded.

    Parameters
    ----------
    interaction
        Id of the interaction.
    purpose
        Why you read it.
    """
    request = messages.GetInteractionTextRequest(request_id=new_id(), interaction_id=interaction, purpose=purpose)
    async with ask.doors() as doors:
        answer = await doors.messages.GetInteractionText(request)
    ask.answer(answer, text_block(answer, ask.words))
