"""What becomes of a circumstance after it was recorded: proofs are asked for, it is looked at again, it ends."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.reading import day, member, new_id


async def review(
    case: str,
    flag_id: str,
    outcome: str,
    *,
    review: str,
    need: Annotated[list[str] | None, Parameter(negative="")] = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """A vulnerability was looked at again, and goes on.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    flag_id
        Id of the vulnerability.
    outcome
        Code of what was found, e.g. UNCHANGED.
    review
        Day on which it is looked at next.
    need
        What is needed from now on, all of it, e.g. no-calls; what is not said is needed no more.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.ReviewVulnerabilityRequest(
        request_id=new_id(),
        flag_id=flag_id,
        outcome_code=outcome,
        review_on=day(review, "--review"),
        needs=[member(circumstances.Need, each, "--need") for each in need or ()],
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ReviewVulnerability(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].review_recorded.format(day=review))


async def ask_for(
    case: str,
    hardship_id: str,
    subject: Annotated[list[str], Parameter(negative="")],
    *,
    due: str,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Ask for what proves a hardship (justificantes).

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hardship_id
        Id of the hardship.
    subject
        Codes of what is asked for, e.g. PAYSLIP UNEMPLOYMENT_CERTIFICATE.
    due
        Day by which it is awaited.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.RequestHardshipEvidenceRequest(
        request_id=new_id(), hardship_id=hardship_id, subjects=subject, due=day(due, "--due")
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RequestHardshipEvidence(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].evidence_asked.format(day=due))


async def review_hardship(
    case: str,
    hardship_id: str,
    measure: Annotated[list[str], Parameter(negative="")],
    *,
    review: str,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """A hardship was looked at again, and goes on.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hardship_id
        Id of the hardship.
    measure
        What we do from now on, all of it: pause, reduced-payment, interest-stop, fee-stop, debt-advice.
    review
        Day on which it is looked at next.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.ReviewHardshipRequest(
        request_id=new_id(),
        hardship_id=hardship_id,
        measures=[member(circumstances.HardshipMeasure, each, "MEASURE") for each in measure],
        review_on=day(review, "--review"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ReviewHardship(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].review_recorded.format(day=review))


async def end_hardship(case: str, hardship_id: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A hardship is over, and with it what we did about it.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    hardship_id
        Id of the hardship.
    reason
        Code of the reason, e.g. WORKS_AGAIN.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.EndHardshipRequest(request_id=new_id(), hardship_id=hardship_id, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.EndHardship(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)


async def end_special(case: str, circumstance_id: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A special circumstance is over.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    circumstance_id
        Id of the circumstance.
    reason
        Code of the reason, e.g. RELEASED.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = circumstances.EndSpecialCircumstanceRequest(request_id=new_id(), circumstance_id=circumstance_id, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.EndSpecialCircumstance(request)
    ask.answer(answer, GRIEVANCE_WORDS[ask.lang].done)
