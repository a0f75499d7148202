"""`acuerdo circumstances`: what people live through: vulnerability, hardship, special circumstances; kept to what the work needs."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.commands import circumstances_reviews as reviews
from clients.cli.grievance_blocks import circumstances_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.reading import day, day_or_none, member, new_id

app = App(
    name="circumstances",
    help="Circumstances of people (vulnerabilidad, dificultad …). CASE is its id, or the client's reference; the person is its debtor.",
)

Hold = Annotated[bool, Parameter(negative="")]
Evidence = Annotated[list[str] | None, Parameter(negative="")]


@app.command
async def flag(
    case: str,
    category: str,
    severity: str,
    review: str,
    source: str,
    *,
    need: Annotated[list[str] | None, Parameter(negative="")] = None,
    details: str = "",
    visibility: str = "restricted",
    hold: Hold = False,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Flag a vulnerability: the area and what is needed, never a diagnosis.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    category
        health, life-event, resilience or capability.
    severity
        low, medium or high.
    review
        Day on which it is looked at again.
    source
        How we know, e.g. debtor, debt_adviser.
    need
        What is needed, e.g. no-calls, written-only, interpreter.
    details
        What must be known and no more; stored sealed.
    visibility
        Who sees the details: case, restricted or compliance.
    hold
        Also stop what a vulnerability stops.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.FlagVulnerabilityRequest(
        request_id=new_id(),
        category=member(circumstances.VulnerabilityCategory, category, "CATEGORY"),
        severity=member(circumstances.Severity, severity, "SEVERITY"),
        needs=[member(circumstances.Need, each, "--need") for each in need or ()],
        details=details,
        visibility=member(circumstances.Visibility, visibility, "--visibility"),
        source=source,
        review_on=day(review, "REVIEW"),
        with_hold=hold,
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.FlagVulnerability(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].recorded_as.format(id=answer.flag_id))


@app.command
async def clear(case: str, flag_id: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A vulnerability is over.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    flag_id
        Id of the vulnerability.
    reason
        Code of the reason.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.ClearVulnerabilityRequest(request_id=new_id(), flag_id=flag_id, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ClearVulnerability(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def hardship(case: str, declaration: str, source: str, *, hold: Hold = False, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The person says that it cannot pay.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    declaration
        What the person says; stored sealed.
    source
        How we know, e.g. debtor, debt_adviser.
    hold
        Also stop the work while it is looked at.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.DeclareHardshipRequest(request_id=new_id(), declaration=declaration, source=source, with_hold=hold)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.DeclareHardship(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].recorded_as.format(id=answer.hardship_id))


@app.command
async def accept(
    case: str, hardship_id: str, measure: list[str], *, review: str, evidence: Evidence = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """We do something about a hardship.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hardship_id
        Id of the hardship.
    measure
        pause, reduced-payment, interest-stop, fee-stop, debt-advice.
    review
        Day on which it is looked at again.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.AcceptHardshipRequest(
        request_id=new_id(),
        hardship_id=hardship_id,
        measures=[member(circumstances.HardshipMeasure, each, "MEASURE") for each in measure],
        review_on=day(review, "--review"),
        evidence_refs=evidence or (),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.AcceptHardship(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def reject(case: str, hardship_id: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A hardship is not as it was declared.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hardship_id
        Id of the hardship.
    reason
        Code of the reason.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.RejectHardshipRequest(request_id=new_id(), hardship_id=hardship_id, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RejectHardship(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


@app.command
async def special(
    case: str,
    kind: str,
    status: str,
    source: str,
    *,
    visibility: str = "case",
    review: str | None = None,
    evidence: Evidence = None,
    hold: Hold = False,
    known_as: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Record a special circumstance, or what is known better of one.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    kind
        deceased, insolvency, second-chance, military-service, incarceration, fraud-victim or legal-representation.
    status
        claimed, confirmed or refuted.
    source
        How we know, e.g. family, public_register.
    visibility
        Who sees the details: case, restricted or compliance.
    review
        Day on which it is looked at again.
    evidence
        References of what proves it.
    hold
        Also stop what belongs to the kind.
    known_as
        Id under which it is recorded already.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.RecordSpecialCircumstanceRequest(
        request_id=new_id(),
        kind=member(circumstances.CircumstanceKind, kind, "KIND"),
        status=member(circumstances.CircumstanceStatus, status, "STATUS"),
        source=source,
        visibility=member(circumstances.Visibility, visibility, "--visibility"),
        review_on=day_or_none(review, "--review"),
        evidence_refs=evidence or (),
        with_hold=hold,
        circumstance_id=known_as,
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RecordSpecialCircumstance(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].recorded_as.format(id=answer.circumstance_id))


@app.command(name="list")
async def list_(
    case: str,
    purpose: str,
    *,
    history: Annotated[bool, Parameter(negative="")] = False,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """What is known of people's circumstances. The reading is recorded.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    purpose
        Code of why it is read, e.g. CALL_PREPARATION.
    history
        Also what is over.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.ListCircumstancesRequest(request_id=new_id(), purpose=purpose, with_history=history)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ListCircumstances(request)
    ask.answer(answer, circumstances_block(answer, ask.words))


for command in (reviews.review, reviews.ask_for, reviews.review_hardship, reviews.end_hardship, reviews.end_special):
    app.command(command)
