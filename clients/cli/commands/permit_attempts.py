"""`acuerdo permit show|report`: a permit as it stands, and a contact that was made with it or without."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.interaction_blocks import permit_block
from clients.cli.lookup import case_id_of
from clients.cli.message_words import MESSAGE_WORDS
from clients.cli.reading import instant, instant_or_none, member, new_id


async def show(person: str, permit: str, *, ask: Asking = ASKING) -> None:
    """A permit as it stands: open, used, given back, revoked, expired.

    Parameters
    ----------
    person
        Its id.
    permit
        Id of the permit; of a denied one too.
    """
    async with ask.doors() as doors:
        answer = await doors.permits.GetPermit(permits.GetPermitRequest(person_id=person, permit_id=permit))
    ask.answer(answer, permit_block(answer.permit, ask.words))


async def report(
    person: str,
    case: str,
    channel: str,
    *,
    at: str,
    until: str | None = None,
    direction: str = "out",
    permit: str = "",
    attempt: str = "",
    point: str = "",
    not_connected: Annotated[bool, Parameter(negative="")] = False,
    conversation: Annotated[bool, Parameter(negative="")] = False,
    direct: Annotated[bool, Parameter(negative="")] = False,
    flag: Annotated[list[str] | None, Parameter(negative="")] = None,
    campaign: str = "",
    reported_by: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Report a contact that was made elsewhere. It is never refused for want of a permit: it counts, and is a breach if we made it.

    Parameters
    ----------
    person
        Its id.
    case
        Its id, or the client's reference of it.
    channel
        call, sms, email, chat, letter, messaging-app, ivr, portal, in-person.
    at
        When it was made, e.g. 2026-03-03T12:30+01:00.
    until
        When it ended; else the same.
    direction
        out (we to them) or in.
    permit
        Id of the permit it was made with; else outside of any.
    attempt
        Id that an earlier report was given: this one puts it right.
    point
        Id of the contact point that was used.
    not_connected
        Busy, or not in service.
    conversation
        Somebody was spoken to.
    direct
        The person itself was reached.
    flag
        An outcome flag, e.g. TRANSFER_NOTICE_SENT.
    campaign
        Name of the campaign.
    reported_by
        The agency or system that made it; else you.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    told = permits.AttemptReport(
        person_id=person,
        channel=member(types.Channel, channel, "CHANNEL"),
        direction=member(types.Direction, direction, "--direction"),
        at=instant(at, "--at"),
        ended_at=instant_or_none(until, "--until"),
        permit_id=permit,
        attempt_id=attempt,
        point_id=point,
        is_not_connected=not_connected,
        is_conversation=conversation,
        is_direct=direct,
        flags=flag or (),
        campaign=campaign,
        reported_by=reported_by,
    )
    async with ask.doors() as doors:
        told.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.permits.ReportAttempt(permits.ReportAttemptRequest(request_id=new_id(), attempt=told))
    said = MESSAGE_WORDS[ask.lang]
    ask.answer(answer, said.recorded.format(interaction=answer.attempt_id), *([said.breach] if answer.is_breach else []))
