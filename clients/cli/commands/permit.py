"""`acuerdo permit`: may this person be contacted so, now, and why; and the same decision again, whenever it was taken."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types
from cyclopts import App, Parameter
from google.protobuf.duration_pb2 import Duration

from clients.cli.asking import ASKING, Asking
from clients.cli.commands import permit_attempts
from clients.cli.lookup import case_id_of
from clients.cli.permit_blocks import answer_block, decision_block, explanation_block, next_block
from clients.cli.permit_words import PERMIT_WORDS
from clients.cli.reading import instant_or_none, member, new_id

app = App(
    name="permit", help="Permits (permisos de contacto): nobody is contacted without one. PERSON is an id; CASE an id, or a reference."
)
app.command(permit_attempts.show)
app.command(permit_attempts.report)

Debts = Annotated[list[str] | None, Parameter(negative="")]


@app.command
async def request(
    person: str,
    case: str,
    channel: str,
    *,
    purpose: str = "collection",
    point: str = "",
    debt: Debts = None,
    campaign: str = "",
    mode: str = "",
    cli: str = "",
    wait_hours: int = 0,
    ground: str = "",
    evidence: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Check and reserve: granted, deferred or denied, with every reason.

    Parameters
    ----------
    person
        Its id.
    case
        Its id, or the client's reference of it.
    channel
        call, sms, email, chat, letter, messaging-app, ivr, portal, in-person.
    purpose
        reminder, collection, promise-follow-up, service, legal-notice.
    point
        Id of the contact point.
    debt
        Only about these debts (ids).
    campaign
        Name of the campaign.
    mode
        Of dialing: preview, progressive, ratio, predictive.
    cli
        Of the number shown: mobile, geographic, 800, 900.
    wait_hours
        A no that ends within them is deferred.
    ground
        On what ground a supervisor goes past a presumption; with --evidence.
    evidence
        Reference of what proves the ground.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        contact = _contact(person, await case_id_of(doors, case, portfolio), channel, purpose, point)
        contact.debt_ids.extend(debt or ())
        contact.campaign, contact.mode, contact.cli_type = campaign, mode, cli
        contact.override_ground, contact.evidence_ref = ground, evidence
        waits = Duration(seconds=wait_hours * 3_600) if wait_hours else None
        answer = await doors.permits.RequestPermit(permits.RequestPermitRequest(request_id=new_id(), contact=contact, ready_to_wait=waits))
    ask.answer(answer, answer_block(answer, ask.words))


@app.command
async def check(
    person: str,
    case: str,
    channel: str,
    *,
    purpose: str = "collection",
    point: str = "",
    at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """What the answer would be. Nothing is reserved.

    Parameters
    ----------
    person
        Its id.
    case
        Its id, or the client's reference of it.
    channel
        call, sms, email, chat, letter …
    purpose
        reminder, collection, promise-follow-up, service, legal-notice.
    point
        Id of the contact point.
    at
        At another instant, e.g. 2026-03-03T22:30+01:00.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        contact = _contact(person, await case_id_of(doors, case, portfolio), channel, purpose, point)
        answer = await doors.permits.CanContact(permits.CanContactRequest(contact=contact, at=instant_or_none(at, "--at")))
    ask.answer(answer, decision_block(answer.decision, ask.words))


@app.command(name="next")
async def next_(
    person: str,
    case: str,
    channel: str,
    *,
    purpose: str = "collection",
    point: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """When it would be allowed, if nothing new happens.

    Parameters
    ----------
    person
        Its id.
    case
        Its id, or the client's reference of it.
    channel
        call, sms, email, chat, letter …
    purpose
        reminder, collection, promise-follow-up, service, legal-notice.
    point
        Id of the contact point.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        contact = _contact(person, await case_id_of(doors, case, portfolio), channel, purpose, point)
        answer = await doors.permits.NextAllowedAt(permits.NextAllowedAtRequest(contact=contact))
    ask.answer(answer, next_block(answer, ask.words))


@app.command
async def explain(person: str, permit: str, *, ask: Asking = ASKING) -> None:
    """Why it was allowed or not: decided again, with the packs in force then on the history as known then.

    Parameters
    ----------
    person
        Its id.
    permit
        Id of the permit; of a denied one too.
    """
    async with ask.doors() as doors:
        answer = await doors.permits.ExplainDecision(permits.ExplainDecisionRequest(person_id=person, permit_id=permit))
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def release(person: str, permit: str, reason: str, *, ask: Asking = ASKING) -> None:
    """Give a permit back: it counts no longer.

    Parameters
    ----------
    person
        Its id.
    permit
        Id of the permit.
    reason
        Code of the reason, e.g. NO_AGENT_FREE.
    """
    async with ask.doors() as doors:
        answer = await doors.permits.ReleasePermit(
            permits.ReleasePermitRequest(request_id=new_id(), person_id=person, permit_id=permit, reason_code=reason)
        )
    ask.answer(answer, PERMIT_WORDS[ask.lang].released)


def _contact(person: str, case_id: str, channel: str, purpose: str, point: str) -> permits.ContactWanted:
    return permits.ContactWanted(
        person_id=person,
        case_id=case_id,
        channel=member(types.Channel, channel, "CHANNEL"),
        purpose=member(types.Purpose, purpose, "--purpose"),
        point_id=point,
    )
