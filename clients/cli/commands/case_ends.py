"""What is owed in a case, and how it ends and begins again."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.creditor_blocks import balance_block
from clients.cli.creditor_words import CREDITOR_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.reading import day_or_none, instant_or_none, member, new_id


async def balance(
    case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """What a case owes: what counts, what our ledger says, and what the creditor says.

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
    request = cases.GetBalanceRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetBalance(request)
    ask.answer(answer, balance_block(answer, ask.words))


async def close(
    case: str,
    outcome: str,
    *,
    evidence: Annotated[list[str], Parameter(negative="")],
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Close a case, with what proves the outcome.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    outcome
        paid-in-full, settled, cured, small-balance, written-off, recalled-by-client, sold, dispute-upheld, insolvency,
        deceased-no-estate, time-barred, untraceable, duplicate, registered-in-error or no-legal-basis.
    evidence
        References of what proves it, at least one.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.CloseCaseRequest(request_id=new_id(), outcome=member(types.CloseOutcome, outcome, "OUTCOME"), evidence_refs=evidence)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.CloseCase(request)
    said = CREDITOR_WORDS[ask.lang]
    ask.answer(answer, said.closed.format(outcome=said.code(types.CloseOutcome.Name(request.outcome), "CLOSE_OUTCOME_")))


async def reopen(
    case: str,
    reason: str,
    *,
    evidence: Annotated[list[str] | None, Parameter(negative="")] = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """A closed case is active again.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        payment-reversed, closed-in-error, new-evidence, client-request, ground-disappeared or withdrawal-revoked.
    evidence
        References of what proves it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.ReopenCaseRequest(
        request_id=new_id(), reason=member(types.ReopenReason, reason, "REASON"), evidence_refs=evidence or ()
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ReopenCase(request)
    said = CREDITOR_WORDS[ask.lang]
    ask.answer(answer, said.reopened.format(reason=said.code(types.ReopenReason.Name(request.reason), "REOPEN_REASON_")))
