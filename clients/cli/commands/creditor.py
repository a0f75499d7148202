"""`acuerdo creditor`: the creditor's word against ours: what balances differ by, reports that were wrong, cases taken back by mistake."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import creditor_pb2 as creditor
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.creditor_blocks import differences_block
from clients.cli.creditor_words import CREDITOR_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.reading import day, new_id

app = App(name="creditor", help="The creditor's word against ours (conciliación). CASE is its id, or the client's reference of it.")

PAGE_ROWS = 200

Evidence = Annotated[list[str], Parameter(negative="")]


@app.command
async def differences(
    portfolio: str, *, explained: Annotated[bool, Parameter(negative="")] = False, limit: int = 50, ask: Asking = ASKING
) -> None:
    """What the creditor's balances and ours differ by, cause by cause, until somebody accepts it.

    Parameters
    ----------
    portfolio
        Id of the portfolio.
    explained
        Also those that are explained or accepted.
    limit
        At most so many.
    """
    found = creditor.ListBalanceDifferencesResponse()
    request = creditor.ListBalanceDifferencesRequest(portfolio_id=portfolio, with_explained=explained)
    async with ask.doors() as doors:
        while len(found.differences) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.differences))
            page = await doors.cases.ListBalanceDifferences(request)
            found.differences.extend(page.differences)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, differences_block(found.differences, ask.words))


@app.command
async def resolve(case: str, as_of: str, reason: str, *, evidence: Evidence, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Accept what no cause explains of a difference: it is no longer listed.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        The day of the creditor's balance that differs.
    reason
        Code of the reason. PAYMENT_UNKNOWN_TO_US and CHARGE_UNKNOWN_TO_US explain later differences too.
    evidence
        References of what proves it, at least one.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = creditor.ResolveBalanceDifferenceRequest(
        request_id=new_id(), as_of=day(as_of, "AS-OF"), reason_code=reason, evidence_refs=evidence
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ResolveBalanceDifference(request)
    ask.answer(answer, CREDITOR_WORDS[ask.lang].accepted.format(day=as_of))


@app.command
async def retract_report(
    case: str, as_of: str, file: str, reason: str, *, replaced_by: str = "", portfolio: str = "", ask: Asking = ASKING
) -> None:
    """A report was wrong: what it said of the case on that day no longer counts.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        The day it spoke of.
    file
        Its reference, as it was imported: the file's name, or what --ref said.
    reason
        Code of the reason, e.g. WRONG_FILE.
    replaced_by
        Reference of the report that takes its place.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = creditor.RetractReportRequest(
        request_id=new_id(), as_of=day(as_of, "AS-OF"), source_ref=file, by_source_ref=replaced_by, reason_code=reason
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RetractReport(request)
    ask.answer(answer, CREDITOR_WORDS[ask.lang].report_retracted.format(file=file, day=as_of))


@app.command
async def revoke_withdrawal(case: str, reason: str, *, evidence: Evidence, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A case was taken back (baja) by mistake: it goes on where it was.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Code of the reason, e.g. SENT_BY_MISTAKE.
    evidence
        References of what proves it, at least one.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = creditor.RevokeWithdrawalRequest(request_id=new_id(), reason_code=reason, evidence_refs=evidence)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RevokeWithdrawal(request)
    ask.answer(answer, CREDITOR_WORDS[ask.lang].withdrawal_revoked)
