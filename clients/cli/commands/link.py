"""`acuerdo link`: payment links, made, shown and revoked."""

from __future__ import annotations

from acuerdo.common.v1.types_pb2 import Money
from acuerdo.payments.v1 import links_pb2 as links
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.link_blocks import LINK_WORDS, issued_block, link_block
from clients.cli.lookup import case_id_of, debt_of
from clients.cli.money import NotAnAmount, decimals_of, minor_units
from clients.cli.reading import instant_or_none, member, new_id

app = App(name="link", help="Payment links (enlaces de pago). CASE is its id, or the client's reference.")


@app.command
async def issue(
    case: str,
    *,
    of: str = "",
    amount: str = "",
    promise: str = "",
    least: str = "",
    person: str = "",
    expires_at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Make a link. What opens it is said once, here.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    of
        What is to be paid: balance, past-due, promise or fixed; else what the other options say, or the balance.
    amount
        A fixed amount, e.g. 25.00.
    promise
        Id of the promise it is for.
    least
        The least part that may be paid, e.g. 10.00; else all that is due.
    person
        Id of whom it is for.
    expires_at
        From then on it opens nothing; else in seven days.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    kind = of or ("fixed" if amount else "promise" if promise else "balance")
    request = links.IssueLinkRequest(
        request_id=new_id(),
        person_id=person,
        amount=links.AmountAsked(kind=member(links.AmountRuleKind, kind, "--of"), promise_id=promise),
        expires_at=instant_or_none(expires_at, "--expires-at"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        if amount or least:
            _, currency = await debt_of(doors, request.case_id, "")
            for option, text, field in (("--amount", amount, request.amount.amount), ("--least", least, request.amount.least)):
                if text:
                    field.CopyFrom(_money(option, text, currency))
        answer = await doors.links.IssueLink(request)
    ask.answer(answer, issued_block(answer, ask.lang))


@app.command
async def show(link: str, *, ask: Asking = ASKING) -> None:
    """A link as it stands: its state, and what it would let pay now.

    Parameters
    ----------
    link
        Its id.
    """
    async with ask.doors() as doors:
        answer = await doors.links.GetLink(links.GetLinkRequest(link_id=link))
    ask.answer(answer, link_block(answer.link, ask.lang))


@app.command
async def revoke(link: str, reason: str, *, ask: Asking = ASKING) -> None:
    """From now on it opens nothing. A payment under way goes on.

    Parameters
    ----------
    link
        Its id.
    reason
        Code of the reason, e.g. SENT_IN_ERROR.
    """
    async with ask.doors() as doors:
        answer = await doors.links.RevokeLink(links.RevokeLinkRequest(request_id=new_id(), link_id=link, reason_code=reason))
    ask.answer(answer, LINK_WORDS[ask.lang].revoked.format(link=link))


def _money(option: str, text: str, currency: str) -> Money:
    try:
        return Money(currency_code=currency, minor_units=minor_units(text, decimals=decimals_of(currency)))
    except NotAnAmount as wrong:
        raise usage(f"{option} {wrong}: {text}") from wrong
