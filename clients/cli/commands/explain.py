"""`acuerdo explain`: why an answer is what it is: the facts behind it, what each adds, and the rules that were in force."""

from __future__ import annotations

from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import service_pb2 as cases
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.ground_blocks import explanation_block
from clients.cli.lookup import case_id_of
from clients.cli.reading import day_or_none, instant_or_none, member

app = App(name="explain", help="Why an answer is what it is. CASE is its id, or the client's reference of it.")


@app.command
async def bucket(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Why a case is in its bucket.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        On that day; else today.
    as_known_at
        With what we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.ExplainBucketRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExplainBucket(request)
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def balance(
    case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Why a case owes what it owes: every booking, and what the creditor's word differs by.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        On that day; else today.
    as_known_at
        With what we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = explained.ExplainBalanceRequest(
        as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at")
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExplainBalance(request)
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def hold(
    case: str, scope: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Why something is stopped on a day, or is not.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    scope
        contact, treatment, interest, dpd, breach-clock, enforcement or reporting.
    as_of
        On that day; else today.
    as_known_at
        With what we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = explained.ExplainHoldEffectRequest(
        as_of=day_or_none(as_of, "--as-of"),
        as_known_at=instant_or_none(as_known_at, "--as-known-at"),
        scope=member(holds.HoldScope, scope, "SCOPE"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExplainHoldEffect(request)
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def assignment(case: str, *, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Why a case is in just these hands, or in nobody's.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_known_at
        With what we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = explained.ExplainAssignmentRequest(as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExplainAssignment(request)
    ask.answer(answer, explanation_block(answer, ask.words))
