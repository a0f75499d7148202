"""`acuerdo holds`: what stops part of the work on a case: placed, extended, lifted, listed, and what they stop on a day."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import holds_pb2 as holds
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.connection import Doors
from clients.cli.failures import usage
from clients.cli.hold_blocks import effect_block, holds_block
from clients.cli.lookup import amount_of, case_id_of, debt_of
from clients.cli.promise_blocks import acknowledgements_block
from clients.cli.reading import day_or_none, instant_or_none, member, new_id
from clients.cli.region_words import REGION_WORDS

app = App(name="holds", help="Holds (paralizaciones): what stops part of the work on a case. CASE is its id, or the client's reference.")

Evidence = Annotated[list[str] | None, Parameter(negative="")]


@app.command
async def place(
    case: str,
    kind: str,
    reason: str,
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    through: str | None = None,
    stops: Annotated[list[str] | None, Parameter(negative="")] = None,
    debt: str = "",
    amount: str = "",
    legal_basis: str = "",
    evidence: Evidence = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Stop part of the work on a case. Holds may lie in the past and overlap: what any of them stops is stopped.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    kind
        Why, e.g. legal, client-request, statutory-breathing-space.
    reason
        Code of the reason, e.g. ASKED.
    from_
        First day on which it holds; else today.
    through
        Last day on which it holds; else open-ended, or the kind's longest time.
    stops
        What it stops, e.g. contact, treatment, dpd; else what its kind stops.
    debt
        Only this debt (its id, or the client's reference of it).
    amount
        Only this part of the debt, e.g. 400.00.
    legal_basis
        Citation of the rule behind it.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = holds.PlaceHoldRequest(
        request_id=new_id(),
        kind=member(holds.HoldKind, kind, "KIND"),
        reason_code=reason,
        through=day_or_none(through, "--through"),
        scopes=[member(holds.HoldScope, scope, "--stops") for scope in stops or ()],
        legal_basis=legal_basis,
        evidence_refs=evidence or (),
        **{"from": day_or_none(from_, "--from")},  # `from` is a word of Python's
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        if debt or amount:
            request.subject.CopyFrom(await _subject(doors, request.case_id, debt, amount))
        answer = await doors.cases.PlaceHold(request)
    ask.answer(answer, REGION_WORDS[ask.lang].placed.format(hold=answer.hold_id))


@app.command
async def extend(
    case: str, hold: str, reason: str, *, through: str | None = None, evidence: Evidence = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Let a hold end later, also when its last day has gone by.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hold
        Id of the hold.
    reason
        Code of the reason.
    through
        The new last day; else open-ended.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = holds.ExtendHoldRequest(
        request_id=new_id(), hold_id=hold, through=day_or_none(through, "--through"), reason_code=reason, evidence_refs=evidence or ()
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExtendHold(request)
    ask.answer(answer, REGION_WORDS[ask.lang].extended.format(hold=hold))


@app.command
async def lift(
    case: str, hold: str, reason: str, *, on: str | None = None, evidence: Evidence = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """End a hold; the others go on.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hold
        Id of the hold.
    reason
        Code of the reason.
    on
        First day on which it no longer holds; else today. Its own first day: it never held.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = holds.LiftHoldRequest(
        request_id=new_id(), hold_id=hold, effective_on=day_or_none(on, "--on"), reason_code=reason, evidence_refs=evidence or ()
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.LiftHold(request)
    ask.answer(answer, REGION_WORDS[ask.lang].lifted.format(hold=hold))


@app.command(name="list")
async def list_(
    case: str,
    *,
    history: Annotated[bool, Parameter(negative="")] = False,
    as_known_at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """The holds of a case, in the order in which they were placed.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    history
        Also those that are over.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = holds.ListHoldsRequest(as_known_at=instant_or_none(as_known_at, "--as-known-at"), with_history=history)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ListHolds(request)
    ask.answer(answer, holds_block(answer, ask.words))


@app.command
async def effect(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """What is stopped on a day, and by which holds.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        On that day; else today.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = holds.GetHoldEffectRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetHoldEffect(request)
    ask.answer(answer, effect_block(answer, ask.words))


@app.command
async def acks(case: str, *, hold: str = "", portfolio: str = "", ask: Asking = ASKING) -> None:
    """Who has acted on the holds of a case and how soon, who has not, and how many contacts were made meanwhile.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hold
        Id of one hold; else all of them.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = heeding.GetHoldAcknowledgementsRequest(hold_id=hold)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetHoldAcknowledgements(request)
    ask.answer(answer, acknowledgements_block(answer, ask.words))


async def _subject(doors: Doors, case_id: str, debt: str, amount: str) -> holds.HoldSubject:
    """One debt, or a part of one, in the currency of the case."""
    if not debt:
        raise usage("--amount is a part of one debt: say --debt.")
    found, currency = await debt_of(doors, case_id, debt)
    subject = holds.HoldSubject(debt_id=found)
    if amount:
        subject.amount.CopyFrom(amount_of(amount, currency, "--amount"))
    return subject
