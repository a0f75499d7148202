"""`acuerdo queries`: what the creditor is asked about a case, and what it answers."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import complaints_pb2 as complaints
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.grievance_blocks import queries_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.lookup import case_id_of, debt_of
from clients.cli.reading import day_or_none, new_id

app = App(name="queries", help="Queries to the creditor (consultas), with a deadline. CASE is its id, or the client's reference.")


@app.command(name="ask")
async def ask_(
    case: str,
    subject: str,
    *,
    question: str = "",
    debt: str = "",
    due: str | None = None,
    hold: Annotated[bool, Parameter(negative="")] = False,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Ask the creditor something.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    subject
        What is asked, e.g. ALREADY_PAID, CONTRACT_COPY.
    question
        In words; stored sealed.
    debt
        About this debt (its id, or the client's reference of it).
    due
        Last day for the answer; else by the rule.
    hold
        Also stop the work until the answer.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = complaints.OpenClientQueryRequest(
        request_id=new_id(), subject=subject, question=question, due=day_or_none(due, "--due"), with_hold=hold
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        if debt:
            request.debt_id, _ = await debt_of(doors, request.case_id, debt)
        answer = await doors.cases.OpenClientQuery(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].asked_as.format(id=answer.query_id))


@app.command
async def answer(
    case: str,
    query: str,
    code: str,
    *,
    says: str = "",
    evidence: Annotated[list[str] | None, Parameter(negative="")] = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """The creditor has answered.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    query
        Id of the query.
    code
        What the answer comes to, e.g. CONFIRMED, DENIED, DOCUMENT_SENT.
    says
        In words; stored sealed.
    evidence
        References of what came with it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = complaints.AnswerClientQueryRequest(
        request_id=new_id(), query_id=query, answer_code=code, answer=says, evidence_refs=evidence or ()
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        done = await doors.cases.AnswerClientQuery(request)
    ask.answer(done, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def cancel(case: str, query: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The question is no longer asked.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    query
        Id of the query.
    reason
        Code of the reason.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = complaints.CancelClientQueryRequest(request_id=new_id(), query_id=query, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        done = await doors.cases.CancelClientQuery(request)
    ask.answer(done, GRIEVANCE_WORDS[ask.lang].done)


@app.command(name="list")
async def list_(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """What the creditor was asked about a case.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        found = await doors.cases.ListClientQueries(complaints.ListClientQueriesRequest(case_id=case_id))
    ask.answer(found, queries_block(found, ask.words))
