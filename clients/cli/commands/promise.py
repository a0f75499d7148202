"""`acuerdo promise`: what a debtor promised to pay: made, cancelled, replaced, listed, explained; and how many were kept."""

from __future__ import annotations

from typing import Annotated

from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.cases.v1 import service_pb2 as cases
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.connection import Doors
from clients.cli.failures import usage
from clients.cli.lookup import amount_of, case_id_of, debt_of
from clients.cli.money import NotAnAmount, minor_units
from clients.cli.promise_blocks import explanation_block, promises_block, rates_block, rows_block
from clients.cli.promise_words import PROMISE_WORDS
from clients.cli.reading import day, day_or_none, instant_or_none, member, new_id

app = App(name="promise", help="Promises to pay (promesas de pago). CASE is its id, or the client's reference.")

PAGE_ROWS = 200

Parts = Annotated[list[str], Parameter(negative="", consume_multiple=True)]
Debts = Annotated[list[str] | None, Parameter(negative="")]


@app.command
async def make(
    case: str,
    part: Parts,
    *,
    debt: Debts = None,
    grace_days: int = 0,
    tolerance: str = "",
    zone: str = "",
    method: str = "",
    made_with: str = "",
    remind_days: int | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """A debtor promises amounts by dates.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    part
        What is promised by a day, e.g. 100.00@2026-03-13; more than one: a promise in parts.
    debt
        Only these debts (ids, or the client's references); else all of the case.
    grace_days
        Days after a date on which it may still be paid.
    tolerance
        How much may be missing: a percentage such as 5%, or an amount such as 2.50.
    zone
        IANA zone of the midnights at which it is judged; else the portfolio's.
    method
        How it is to be paid, e.g. TRANSFER.
    made_with
        Id of the person who makes it.
    remind_days
        Days before a date on which somebody may be reminded; else nobody is.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pb.MakePromiseRequest(
        request_id=new_id(), grace_days=grace_days, zone=zone, method=method, made_with=made_with, reminder_days=remind_days
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        currency = await _currency(doors, request.case_id)
        request.parts.extend(_part(text, currency) for text in part)
        request.debt_ids.extend([(await debt_of(doors, request.case_id, each))[0] for each in debt or ()])
        if tolerance:
            request.tolerance.CopyFrom(_tolerance(tolerance, currency))
        answer = await doors.promises.MakePromise(request)
    ask.answer(answer, PROMISE_WORDS[ask.lang].made.format(promise=answer.promise_id))


@app.command
async def cancel(case: str, promise: str, reason: str, *, by: str = "debtor", portfolio: str = "", ask: Asking = ASKING) -> None:
    """The promise no longer counts, neither as kept nor as broken.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    promise
        Id of the promise.
    reason
        Code of the reason, e.g. LOST_THE_JOB.
    by
        Who took it back: debtor or us.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pb.CancelPromiseRequest(
        request_id=new_id(), promise_id=promise, by=member(pb.PromiseCancelledBy, by, "--by"), reason_code=reason
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.promises.CancelPromise(request)
    ask.answer(answer, PROMISE_WORDS[ask.lang].cancelled.format(promise=promise))


@app.command
async def replace(
    case: str, promise: str, reason: str, part: Parts, *, method: str = "", portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Another promise takes its place, for the same debts.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    promise
        Id of the promise that is replaced.
    reason
        Code of the reason, e.g. OTHER_DATES.
    part
        What is promised by a day, e.g. 100.00@2026-03-13.
    method
        How it is to be paid, e.g. TRANSFER.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pb.SupersedePromiseRequest(request_id=new_id(), promise_id=promise, reason_code=reason, method=method)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        currency = await _currency(doors, request.case_id)
        request.parts.extend(_part(text, currency) for text in part)
        answer = await doors.promises.SupersedePromise(request)
    ask.answer(answer, PROMISE_WORDS[ask.lang].superseded.format(promise=answer.promise_id))


@app.command(name="list")
async def list_(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The promises of a case, in the order in which they were made.

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
    request = pb.GetPromisesRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.promises.GetPromises(request)
    ask.answer(answer, promises_block(answer, ask.words))


@app.command(name="portfolio")
async def of_portfolio(
    portfolio: str,
    *,
    state: str = "",
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    through: str | None = None,
    limit: int = 50,
    ask: Asking = ASKING,
) -> None:
    """The promises of a portfolio, in the order in which they were made.

    Parameters
    ----------
    portfolio
        Id of the portfolio.
    state
        Only those that are due, unpaid-so-far, kept, partly-kept, broken, cancelled or superseded.
    from_
        Only those whose last day lies on or after that day.
    through
        … or on or before that day.
    limit
        At most so many.
    """
    found = pb.ListPromisesResponse()
    request = pb.ListPromisesRequest(
        portfolio_id=portfolio,
        state=member(pb.PromiseState, state, "--state") if state else pb.PROMISE_STATE_UNSPECIFIED,
        last_day_from=day_or_none(from_, "--from"),
        last_day_through=day_or_none(through, "--through"),
    )
    async with ask.doors() as doors:
        while len(found.promises) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.promises))
            page = await doors.promises.ListPromises(request)
            found.promises.extend(page.promises)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, rows_block(found.promises, ask.words))


@app.command
async def explain(
    case: str, promise: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Why a promise stands where it does: payments that count and those that do not, sources that were waited for, what happened.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    promise
        Id of the promise.
    as_of
        On that day; else today.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pb.ExplainPromiseRequest(
        promise_id=promise, as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at")
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.promises.ExplainPromise(request)
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def rates(portfolio: str, *, from_: Annotated[str, Parameter(name="--from")], through: str, ask: Asking = ASKING) -> None:
    """Kept promises by who took them: as each was first published, and as it is known now.

    Parameters
    ----------
    portfolio
        Id of the portfolio.
    from_
        Promises whose last day lies on or after that day.
    through
        … and on or before that day.
    """
    request = pb.GetPromiseRatesRequest(
        portfolio_id=portfolio,
        through=day(through, "--through"),
        **{"from": day(from_, "--from")},  # `from` is a word of Python's
    )
    async with ask.doors() as doors:
        answer = await doors.promises.GetPromiseRates(request)
    ask.answer(answer, rates_block(answer, ask.words))


async def _currency(doors: Doors, case_id: str) -> str:
    return (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case.balance.currency_code


def _part(text: str, currency: str) -> pb.PromisePart:
    """`100.00@2026-03-13`."""
    amount, found, date = text.partition("@")
    if not found:
        raise usage(f"PART is not an amount and a day such as 100.00@2026-03-13: {text}")
    return pb.PromisePart(date=day(date, "PART"), amount=amount_of(amount, currency, "PART"))


def _tolerance(text: str, currency: str) -> pb.PromiseTolerance:
    if not text.endswith("%"):
        return pb.PromiseTolerance(amount=amount_of(text, currency, "--tolerance"))
    try:
        return pb.PromiseTolerance(basis_points=minor_units(text.removesuffix("%"), may_use_comma=True))
    except (NotAnAmount, ValueError) as wrong:
        raise usage(f"--tolerance is not a percentage such as 5%: {text}") from wrong
