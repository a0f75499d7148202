"""`acuerdo pay suspense`: money that waits, and whose it turns out to be."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pay
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.lookup import case_id_of
from clients.cli.pay_blocks import placement, suspense_block
from clients.cli.reading import new_id

app = App(name="suspense", help="Money that waits (pendiente de aplicar).")

PAGE_SIZE = 200


@app.command(name="list")
async def list_(*, portfolio: str = "", ask: Asking = ASKING) -> None:
    """What waits, the oldest first.

    Parameters
    ----------
    portfolio
        Only what could be of this portfolio.
    """
    items: list[pay.SuspenseItem] = []
    token = ""
    async with ask.doors() as doors:
        while True:
            request = pay.ListSuspenseRequest(portfolio_id=portfolio, page_size=PAGE_SIZE, page_token=token)
            page = await doors.payments.ListSuspense(request)
            items += page.items
            token = page.next_page_token
            if not token:
                break
    ask.answer({"items": list(items)}, suspense_block(items, ask.words))


@app.command
async def resolve(payment: str, case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """It is that case's: apply it there.

    Parameters
    ----------
    payment
        Id of the payment that waits.
    case
        The case's id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        request = pay.ResolveSuspenseRequest(request_id=new_id(), payment_id=payment, case_id=case_id)
        answer = await doors.payments.ResolveSuspense(request)
        there = await doors.payments.GetPayment(pay.GetPaymentRequest(payment_id=payment))
    ask.answer(answer, *(placement(place, ask.words) for place in there.payment.placements))
