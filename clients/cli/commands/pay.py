"""`acuerdo pay`: money received, taken back, and where each cent of it went."""

from __future__ import annotations

from pathlib import Path

from acuerdo.common.v1.types_pb2 import Money
from acuerdo.payments.v1 import payments_pb2 as pay
from acuerdo.payments.v1 import receipts_pb2 as receipts
from cyclopts import App
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.cobros import read_cobros, send_cobros
from clients.cli.commands import pay_list, pay_order, pay_source, pay_suspense
from clients.cli.failures import OK, REFUSED, usage
from clients.cli.importing import Came, came_blocks, progress
from clients.cli.lookup import case_id_of
from clients.cli.money import NotAnAmount, decimals_of, minor_units
from clients.cli.pay_blocks import explained_block, ledger_block, payment_block, placement, reasons_block
from clients.cli.pay_lookup import source_of
from clients.cli.pay_words import PAY_WORDS
from clients.cli.reading import day, day_or_none, instant_or_none, member, new_id
from clients.cli.tables import TableIsUnreadable

app = App(name="pay", help="Payments (pagos): received, applied, waiting, taken back. SOURCE is an id or the operator's reference of it.")
app.command(pay_source.app)
app.command(pay_suspense.app)
app.command(pay_order.app)
app.command(pay_list.list_, name="list")


@app.command
async def record(
    amount: str,
    *,
    source: str,
    ref: str,
    on: str,
    case: str = "",
    client: str = "",
    client_ref: str = "",
    currency: str = "EUR",
    debts: list[str] | None = None,
    promise: str = "",
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Record a payment. The same reference of the same source again is the same payment.

    Parameters
    ----------
    amount
        E.g. 125.00.
    source
        Where it is told from.
    ref
        The source's own reference of it.
    on
        Its value date, e.g. 2005-05-31.
    case
        The case it is for: its id, or the client's reference. Nothing said: it waits.
    client
        Id of the creditor, where the case may not be known yet …
    client_ref
        … and its reference of the case.
    currency
        Of the amount.
    debts
        Ids of debts that the debtor named, in that order.
    promise
        Id of the promise it was paid for.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pay.RecordPaymentRequest(
        request_id=new_id(),
        provider_ref=ref,
        amount=_amount(amount, currency),
        value_date=day(on, "--on"),
        client_id=client,
        external_ref=client_ref,
        designated_debt_ids=debts or (),
        commitment_id=promise,
    )
    async with ask.doors() as doors:
        request.source_id = await source_of(doors, source)
        if case:
            request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.payments.RecordPayment(request)
        there = await doors.payments.GetPayment(pay.GetPaymentRequest(payment_id=answer.payment_id))
    said = PAY_WORDS[ask.lang]
    sentence = (said.told_before if answer.is_repeated else said.recorded).format(payment=answer.payment_id)
    ask.answer(answer, sentence, *(placement(place, ask.words) for place in there.payment.placements))


@app.command
async def reverse(payment: str, cause: str, *, on: str | None = None, evidence: str = "", ask: Asking = ASKING) -> None:
    """Take a payment back: exactly what it was applied to is owed again.

    Parameters
    ----------
    payment
        Its id.
    cause
        returned, chargeback or entered-in-error.
    on
        From this day on it does not count; else today.
    evidence
        Reference of what proves it.
    """
    request = pay.ReversePaymentRequest(
        request_id=new_id(),
        payment_id=payment,
        cause=member(receipts.PaymentReversalCause, cause, "CAUSE"),
        value_date=day_or_none(on, "--on"),
        evidence_ref=evidence,
    )
    async with ask.doors() as doors:
        answer = await doors.payments.ReversePayment(request)
    ask.answer(answer, PAY_WORDS[ask.lang].reversed.format(payment=payment))


@app.command
async def unmatch(payment: str, case: str, reason: str, *, ask: Asking = ASKING) -> None:
    """Take a payment off a case: it is not that case's after all, and waits.

    Parameters
    ----------
    payment
        Its id.
    case
        The case's id, or the client's reference of it.
    reason
        Code of the reason, e.g. WRONG_CASE.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case)
        request = pay.UnmatchPaymentRequest(request_id=new_id(), payment_id=payment, case_id=case_id, reason_code=reason)
        answer = await doors.payments.UnmatchPayment(request)
    ask.answer(answer, PAY_WORDS[ask.lang].unmatched.format(payment=payment))


@app.command
async def show(payment: str = "", *, source: str = "", ref: str = "", ask: Asking = ASKING) -> None:
    """One payment: its id, or its source and the source's reference.

    Parameters
    ----------
    payment
        Its id.
    source
        Instead of the id: where it was told from …
    ref
        … and the source's own reference.
    """
    if bool(payment) == bool(source and ref):
        raise usage("Say a payment's id, or --source and --ref.")
    async with ask.doors() as doors:
        request = pay.GetPaymentRequest(payment_id=payment, provider_ref=ref)
        if source:
            request.source_id = await source_of(doors, source)
        answer = await doors.payments.GetPayment(request)
    ask.answer(answer, payment_block(answer.payment, ask.words))


@app.command
async def ledger(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Where the money of a case went.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        What was true on that day.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pay.GetLedgerRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.payments.GetLedger(request)
    ask.answer(answer, ledger_block(answer, ask.words))


@app.command
async def explain(case: str, payment: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Why each cent of a payment went where it went, by the law or clause behind it; asked later, the same answer.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    payment
        Id of the payment, or of one of its allocations (its beginning is enough).
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        known = await doors.payments.GetLedger(pay.GetLedgerRequest(case_id=case_id))
        meant = [each for each in known.allocations if each.allocation_id.startswith(payment) or each.payment_id == payment]
        if not meant:
            raise usage(f"The case has no allocation of {payment}.")
        answers = [
            await doors.payments.ExplainAllocation(pay.ExplainAllocationRequest(case_id=case_id, allocation_id=each.allocation_id))
            for each in meant
        ]
    ask.answer(list(answers), *(explained_block(answer, ask.words) for answer in answers))


@app.command
async def preview(
    case: str, amount: str, *, on: str | None = None, currency: str = "EUR", portfolio: str = "", ask: Asking = ASKING
) -> None:
    """How an amount would be applied now. Nothing is stored.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    amount
        E.g. 125.00.
    on
        Its value date; else today.
    currency
        Of the amount.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = pay.PreviewAllocationRequest(amount=_amount(amount, currency), value_date=day_or_none(on, "--on"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.payments.PreviewAllocation(request)
    said = PAY_WORDS[ask.lang]
    heading = Text(f"{said.in_force} {answer.waterfall_version}", style="dim")
    ask.answer(answer, heading, reasons_block(answer.reasons, ask.words))


@app.command(name="import")
async def import_(
    kind: str, file: Path, *, source: str, complete_through: str | None = None, mapping: int = 0, ask: Asking = ASKING
) -> int:
    """Import a creditor's file of payments it received. Columns that its mapping does not name stay on this machine.

    Parameters
    ----------
    kind
        cobros.
    file
        The file; see data/cobros/README.md.
    source
        Where it is told from.
    complete_through
        By this file nothing with a value date through that day is missing, e.g. 2005-05-31.
    mapping
        Version of the source's column mapping; 0 is the newest.
    """
    if kind != "cobros":
        raise usage(f"KIND is none of cobros: {kind}")
    through = day_or_none(complete_through, "--complete-through")
    async with ask.doors() as doors:
        source_id = await source_of(doors, source)
        read_by = await doors.payments.GetCobrosMapping(pay.GetCobrosMappingRequest(source_id=source_id, version=mapping))
        try:
            read = read_cobros(file, read_by)
        except TableIsUnreadable as unreadable:
            raise usage(str(unreadable)) from unreadable
        came = Came()
        with progress(ask.words.importing, len(read.rows), is_shown=not ask.json) as step:
            summary = await send_cobros(doors, source_id, read_by.version, read, through, came, step)
    said = PAY_WORDS[ask.lang]
    blocks = came_blocks(came, ask.words)
    if summary.not_completed_because:
        blocks.append(Text(said.not_completed.format(reason=summary.not_completed_because), style="bold yellow"))
    elif through is not None:
        blocks.append(Text(said.completed.format(day=complete_through)))
    ask.answer({"rows": came.as_json(), "summary": summary}, *blocks)
    return REFUSED if came.refused or summary.not_completed_because else OK


def _amount(text: str, currency: str) -> Money:
    try:
        return Money(currency_code=currency, minor_units=minor_units(text, decimals=decimals_of(currency)))
    except NotAnAmount as wrong:
        raise usage(f"AMOUNT {wrong}: {text}") from wrong
