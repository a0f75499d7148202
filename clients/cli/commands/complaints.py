"""`acuerdo complaints`: complaints about conduct: filed, resolved, listed."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import complaints_pb2 as complaints
from acuerdo.cases.v1 import service_pb2 as cases
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.grievance_blocks import complaints_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.lookup import amount_of, case_id_of
from clients.cli.reading import day_or_none, member, new_id

app = App(name="complaints", help="Complaints (quejas) about conduct. CASE is its id, or the client's reference.")

Evidence = Annotated[list[str] | None, Parameter(negative="")]


@app.command
async def file(
    case: str,
    category: str,
    statement: str,
    *,
    interaction: Annotated[list[str] | None, Parameter(negative="")] = None,
    answer_by: str | None = None,
    hold: Annotated[bool, Parameter(negative="")] = False,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Somebody complains.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    category
        Code of what it is about, e.g. CALLED_TOO_OFTEN.
    statement
        What was said; stored sealed.
    interaction
        An interaction it is about, by the reference contacts gave it.
    answer_by
        Last day for our answer; else by the rule.
    hold
        Also stop contact until the answer.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = complaints.FileComplaintRequest(
        request_id=new_id(),
        category=category,
        statement=statement,
        interaction_ids=interaction or (),
        answer_due=day_or_none(answer_by, "--answer-by"),
        with_hold=hold,
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.FileComplaint(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].complained_as.format(id=answer.complaint_id))


@app.command
async def resolve(
    case: str,
    complaint: str,
    outcome: str,
    reason: str,
    *,
    redress: str = "",
    evidence: Evidence = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Answer it; a hold that came with it ends.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    complaint
        Id of the complaint.
    outcome
        upheld, partly-upheld, rejected or withdrawn.
    reason
        Code of the reason.
    redress
        What we pay or let go for it, e.g. 50.00.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = complaints.ResolveComplaintRequest(
        request_id=new_id(),
        complaint_id=complaint,
        outcome=member(complaints.ComplaintOutcome, outcome, "OUTCOME"),
        reason_code=reason,
        evidence_refs=evidence or (),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        if redress:
            found = await doors.cases.GetCase(cases.GetCaseRequest(case_id=request.case_id))
            request.redress.CopyFrom(amount_of(redress, found.case.balance.currency_code, "--redress"))
        answer = await doors.cases.ResolveComplaint(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command(name="list")
async def list_(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The complaints of a case.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ListComplaints(complaints.ListComplaintsRequest(case_id=case_id))
    ask.answer(answer, complaints_block(answer, ask.words))
