"""`acuerdo work`: who works the cases: agents, who gets which case, and worklists."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import workforce_pb2 as work
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.frames import moment
from clients.cli.lookup import case_id_of
from clients.cli.reading import id_of, instant_or_none, member, new_id
from clients.cli.work_blocks import assigned_block, worklist_block
from clients.cli.work_words import WORK_WORDS

app = App(name="work", help="Who works the cases: agents (gestores), assignments, worklists. CASE is its id, or the client's reference.")

PAGE_ROWS = 200
LEASE_MINUTES_MAX = 43_200
"""Thirty days, as the contract says."""


@app.command
async def register(
    subject: str, *, kind: str = "human", language: list[str] | None = None, cases_max: int = 0, ask: Asking = ASKING
) -> None:
    """Register an agent. Asked twice, registered once.

    Parameters
    ----------
    subject
        Subject of the agent's token.
    kind
        human, bot or agency.
    language
        A language the agent speaks, e.g. es; else Spanish.
    cases_max
        How many cases at once; 0: the rule's own limit.
    """
    request = work.RegisterAgentRequest(
        subject=subject, kind=member(work.AgentKind, kind, "--kind"), languages=language or ["es"], cases_max=cases_max
    )
    request.request_id = id_of("agent", request.SerializeToString(deterministic=True))
    async with ask.doors() as doors:
        answer = await doors.cases.RegisterAgent(request)
    ask.answer(answer, answer.agent_id)


@app.command
async def assign(
    case: str,
    reason: str,
    *,
    agent: str = "",
    skill: Annotated[list[str] | None, Parameter(negative="")] = None,
    minutes: int = 0,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Give a case to an agent: the one named, or the one the rule chooses.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Code of the reason.
    agent
        Id of the agent; else the rule chooses.
    skill
        A skill that the case asks for.
    minutes
        How long, unless the lease is extended; 0: the rule's own time.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = work.AssignCaseRequest(
        request_id=new_id(),
        agent_id=agent,
        reason_code=reason,
        lease_minutes=minutes,
        requirements=work.Requirements(skills=skill) if skill else None,
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.AssignCase(request)
    ask.answer(answer, assigned_block(answer, ask.words))


@app.command
async def request(
    case: str,
    reason: str,
    *,
    skill: Annotated[list[str] | None, Parameter(negative="")] = None,
    language: str = "",
    team: str = "",
    at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Let a case wait for somebody who fits, instead of giving it to an agent at once.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Code of the reason.
    skill
        A skill that the case asks for.
    language
        A language that it asks for, e.g. ca; else any.
    team
        Only somebody of this team (its id).
    at
        Since when; else now.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    asked = work.RequestAssignmentRequest(request_id=new_id(), reason_code=reason, occurred_at=instant_or_none(at, "--at"))
    if skill or language or team:
        asked.requirements.CopyFrom(work.Requirements(skills=skill or (), language=language, team_id=team))
    async with ask.doors() as doors:
        asked.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RequestAssignment(asked)
    ask.answer(answer, WORK_WORDS[ask.lang].requested.format(case=asked.case_id))


@app.command
async def extend(case: str, minutes: int, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The agent keeps a case longer.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    minutes
        How long from now on.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    if not 1 <= minutes <= LEASE_MINUTES_MAX:
        raise usage(f"MINUTES is not from 1 to {LEASE_MINUTES_MAX}: {minutes}")
    request = work.ExtendLeaseRequest(request_id=new_id(), lease_minutes=minutes)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ExtendLease(request)
    ask.answer(answer, WORK_WORDS[ask.lang].extended.format(until=moment(answer.lease_until)))


@app.command
async def decline(case: str, reason: str, *, at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The agent that has a case will not do it; the rule chooses it for this case no more.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Code of the reason, e.g. KNOWS_THE_DEBTOR.
    at
        When it happened; else now.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = work.DeclineAssignmentRequest(request_id=new_id(), reason_code=reason, occurred_at=instant_or_none(at, "--at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.DeclineAssignment(request)
    ask.answer(answer, WORK_WORDS[ask.lang].declined.format(case=request.case_id))


@app.command
async def release(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Give a case back: it waits for somebody else.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = work.UnassignCaseRequest(request_id=new_id(), reason=work.UNASSIGN_REASON_RELEASED)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.UnassignCase(request)
    ask.answer(answer, request.case_id)


@app.command(name="list")
async def list_(*, agent: str = "", team: str = "", limit: int = 50, ask: Asking = ASKING) -> None:
    """A worklist: the cases of an agent, or those that wait for one.

    Parameters
    ----------
    agent
        Id of the agent; else the cases that wait.
    team
        Of this team only (its id).
    limit
        At most so many.
    """
    found = work.GetWorklistResponse()
    request = work.GetWorklistRequest(agent_id=agent, team_id=team)
    async with ask.doors() as doors:
        while len(found.rows) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.rows))
            page = await doors.cases.GetWorklist(request)
            found.rows.extend(page.rows)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, worklist_block(found, ask.words))
