"""`acuerdo disputes`: a debt contested in part or as a whole: opened, asked about, reviewed, resolved, appealed, withdrawn, listed."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import NOT_FOUND, Failure
from clients.cli.grievance_blocks import disputes_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.lookup import amount_of, case_id_of, debt_of
from clients.cli.reading import day_or_none, instant_or_none, member, new_id

app = App(name="disputes", help="Disputes (impugnaciones) of all or part of a debt. CASE is its id, or the client's reference.")

Evidence = Annotated[list[str] | None, Parameter(negative="")]


@app.command(name="open")
async def open_(
    case: str,
    amount: str,
    reason: str,
    *,
    debt: str = "",
    component: str = "principal",
    statement: str = "",
    answer_by: str | None = None,
    evidence: Evidence = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Contest part of a debt: that part is on hold, the rest goes on.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    amount
        How much, e.g. 400.00.
    reason
        Code of the reason, e.g. NOT_MINE.
    debt
        The debt (its id, or the client's reference of it); else the only one.
    component
        principal, interest, fees or costs.
    statement
        What the debtor says; stored sealed.
    answer_by
        Last day for our answer; else by the rule.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.DisputeDebtRequest(
        request_id=new_id(),
        reason_code=reason,
        statement=statement,
        evidence_refs=evidence or (),
        answer_due=day_or_none(answer_by, "--answer-by"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        request.debt_id, currency = await debt_of(doors, request.case_id, debt)
        request.components.append(_part(component, amount_of(amount, currency, "AMOUNT")))
        answer = await doors.cases.DisputeDebt(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].disputed_as.format(id=answer.dispute_id))


@app.command
async def ask_for(
    case: str, dispute: str, of: str, subject: str, *, due: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Ask the debtor or the creditor for information.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    of
        DEBTOR or CREDITOR.
    subject
        What for, e.g. CONTRACT_COPY.
    due
        Last day for the answer.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.RequestDisputeInformationRequest(
        request_id=new_id(), dispute_id=dispute, asked_of=of, subject=subject, due=day_or_none(due, "--due")
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RequestDisputeInformation(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def received(case: str, dispute: str, evidence: list[str], *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Information has come: the dispute waits for nobody any more.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    evidence
        References of what has come.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.RecordDisputeInformationRequest(request_id=new_id(), dispute_id=dispute, evidence_refs=evidence)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RecordDisputeInformation(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def review(case: str, dispute: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Somebody is looking at it.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.ReviewDisputeRequest(request_id=new_id(), dispute_id=dispute)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ReviewDispute(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def resolve(
    case: str,
    dispute: str,
    resolution: str,
    reason: str,
    *,
    amount: str = "",
    component: str = "principal",
    evidence: Evidence = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Say who is right. What is upheld falls away from the balance; the hold ends.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    resolution
        upheld, partly-upheld or rejected.
    reason
        Code of the reason.
    amount
        Where partly upheld: what falls away, e.g. 150.00.
    component
        Of which component: principal, interest, fees or costs.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.ResolveDisputeRequest(
        request_id=new_id(),
        dispute_id=dispute,
        resolution=member(disputes.DisputeResolution, resolution, "RESOLUTION"),
        reason_code=reason,
        evidence_refs=evidence or (),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        if amount:
            found = await doors.cases.ListDisputes(disputes.ListDisputesRequest(case_id=request.case_id))
            disputed = [part.amount for each in found.disputes if each.dispute_id == dispute for part in each.disputed]
            if not disputed:
                raise Failure(NOT_FOUND, f"The case has no dispute {dispute}.", "DISPUTE_IS_UNKNOWN")
            request.upheld.append(_part(component, amount_of(amount, disputed[0].currency_code, "--amount")))
        answer = await doors.cases.ResolveDispute(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def appeal(
    case: str, dispute: str, reason: str, *, statement: str = "", evidence: Evidence = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Contest the resolution: the part is on hold again.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    reason
        Code of the reason.
    statement
        What the debtor says; stored sealed.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.AppealDisputeRequest(
        request_id=new_id(), dispute_id=dispute, reason_code=reason, statement=statement, evidence_refs=evidence or ()
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.AppealDispute(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def withdraw(case: str, dispute: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The debtor contests it no more.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    reason
        Code of the reason.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.WithdrawDisputeRequest(request_id=new_id(), dispute_id=dispute, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.WithdrawDispute(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def close(case: str, dispute: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Nothing more comes of it.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    dispute
        Id of the dispute.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.CloseDisputeRequest(request_id=new_id(), dispute_id=dispute)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.CloseDispute(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command(name="list")
async def list_(case: str, *, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The disputes of a case, in the order in which they were opened.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = disputes.ListDisputesRequest(as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ListDisputes(request)
    ask.answer(answer, disputes_block(answer, ask.words))


def _part(component: str, amount: Money) -> types.ComponentAmount:
    return types.ComponentAmount(component=member(types.Component, component, "--component"), amount=amount)
