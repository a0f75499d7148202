"""`acuerdo pay list`: payments of a case, of a source, or all of them."""

from __future__ import annotations

from typing import Annotated

from acuerdo.payments.v1 import payments_pb2 as pay
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.lookup import case_id_of
from clients.cli.pay_blocks import payments_block
from clients.cli.pay_lookup import source_of
from clients.cli.reading import day_or_none

PAGE_ROWS = 200


async def list_(
    *,
    case: str = "",
    source: str = "",
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    through: str | None = None,
    limit: int = 50,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Payments, in the order in which they were recorded.

    Parameters
    ----------
    case
        Only those of this case: its id, or the client's reference of it.
    source
        Only those told by this source: its id, or your reference of it.
    from_
        Only those with a value date on or after that day.
    through
        … or on or before that day.
    limit
        At most so many.
    portfolio
        Id of the portfolio, where several clients use the same reference of a case.
    """
    found = pay.ListPaymentsResponse()
    request = pay.ListPaymentsRequest(
        through=day_or_none(through, "--through"),
        **{"from": day_or_none(from_, "--from")},  # `from` is a word of Python's
    )
    async with ask.doors() as doors:
        if case:
            request.case_id = await case_id_of(doors, case, portfolio)
        if source:
            request.source_id = await source_of(doors, source)
        while len(found.payments) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.payments))
            page = await doors.payments.ListPayments(request)
            found.payments.extend(page.payments)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, payments_block(found.payments, ask.words))
