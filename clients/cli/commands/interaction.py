"""`acuerdo interaction`: contacts with people, on any channel: recorded with what came of them, corrected, listed."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as types
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.commands import outcome_codes
from clients.cli.failures import usage
from clients.cli.interaction_blocks import interaction_block
from clients.cli.lookup import case_id_of
from clients.cli.message_blocks import interactions_block
from clients.cli.message_words import MESSAGE_WORDS
from clients.cli.reading import instant_or_none, member, new_id

app = App(name="interaction", help="Contacts (contactos): calls, letters, conversations; recorded, corrected, listed.")
app.command(outcome_codes.app)

SECONDS_MAX = 86_400
"""A day, as the contract says."""


@app.command
async def record(
    case: str,
    person: str,
    code: str,
    *,
    channel: str = "call",
    direction: str = "out",
    purpose: str = "collection",
    permit: str = "",
    point: str = "",
    seconds: int = 0,
    notes: str = "",
    at: str | None = None,
    reported_by: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Record a contact made elsewhere, and what came of it. Outbound without a permit it is a breach: recorded, and counted.

    Parameters
    ----------
    case
        Id of the case, or the client's reference.
    person
        Id of the person.
    code
        What came of it, e.g. NO_ANSWER, RIGHT_PARTY, PROMISE, or a code of your own.
    channel
        call, sms, email, chat, letter, messaging-app, ivr, portal or in-person.
    direction
        out (we to them) or in.
    purpose
        reminder, collection, promise-follow-up, service or legal-notice.
    permit
        Id of the permit it was made with.
    point
        Id of the contact point that was used.
    seconds
        How long it took.
    notes
        Kept under the person's key.
    at
        When it happened; else now.
    reported_by
        The system or agency that made it; else you.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = messages.RecordInteractionRequest(
        request_id=new_id(),
        person_id=person,
        channel=member(types.Channel, channel, "--channel"),
        direction=member(types.Direction, direction, "--direction"),
        purpose=member(types.Purpose, purpose, "--purpose"),
        point_id=point,
        permit_id=permit,
        code=code.upper().replace("-", "_"),
        duration_seconds=seconds,
        notes=notes,
        reported_by=reported_by,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.messages.RecordInteraction(request)
    said = MESSAGE_WORDS[ask.lang]
    lines = [said.recorded.format(interaction=answer.interaction_id), *([said.breach] if answer.is_breach else [])]
    ask.answer(answer, *lines)


@app.command
async def correct(interaction: str, code: str, reason: str, *, ask: Asking = ASKING) -> None:
    """It came to something else than was recorded. Both stay in the history.

    Parameters
    ----------
    interaction
        Id of the interaction.
    code
        What came of it.
    reason
        Code of the reason.
    """
    request = messages.CorrectOutcomeRequest(
        request_id=new_id(), interaction_id=interaction, code=code.upper().replace("-", "_"), reason_code=reason
    )
    async with ask.doors() as doors:
        answer = await doors.messages.CorrectOutcome(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].corrected)


@app.command
async def outcome(
    interaction: str,
    code: str,
    *,
    flag: Annotated[list[str] | None, Parameter(negative="")] = None,
    seconds: int = 0,
    notes: str = "",
    at: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """What came of a message or of a contact that has begun here.

    Parameters
    ----------
    interaction
        Id of the interaction.
    code
        What came of it, e.g. NO_ANSWER, RIGHT_PARTY, PROMISE, or a code of your own.
    flag
        What is so besides: human, right-party, third-party, promise, refusal, dispute, vulnerable, callback, unworkable, do-not-contact.
    seconds
        How long it took.
    notes
        Kept under the person's key.
    at
        When it happened; else now.
    """
    if not 0 <= seconds <= SECONDS_MAX:
        raise usage(f"--seconds is not from 0 to {SECONDS_MAX}: {seconds}")
    request = messages.RecordOutcomeRequest(
        request_id=new_id(),
        interaction_id=interaction,
        code=code.upper().replace("-", "_"),
        flags=[member(messages.OutcomeFlag, each, "--flag") for each in flag or ()],
        duration_seconds=seconds,
        notes=notes,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        answer = await doors.messages.RecordOutcome(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].recorded.format(interaction=interaction))


@app.command
async def show(interaction: str, *, ask: Asking = ASKING) -> None:
    """One contact, and what came of it; without what was said (`acuerdo message show`).

    Parameters
    ----------
    interaction
        Id of the interaction.
    """
    async with ask.doors() as doors:
        answer = await doors.messages.GetInteraction(messages.GetInteractionRequest(interaction_id=interaction))
    ask.answer(answer, interaction_block(answer.interaction, ask.words))


@app.command(name="list")
async def list_(
    *, case: str = "", person: str = "", limit: Annotated[int, Parameter()] = 50, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Contacts of a case or of a person, newest first.

    Parameters
    ----------
    case
        Id of the case, or the client's reference.
    person
        Id of the person.
    limit
        How many at most (up to 200).
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    if bool(case) == bool(person):
        raise usage("Say --case or --person.")
    request = messages.ListInteractionsRequest(person_id=person, page_size=limit)
    async with ask.doors() as doors:
        if case:
            request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.messages.ListInteractions(request)
    ask.answer(answer, interactions_block(answer, ask.words))
