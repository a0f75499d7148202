"""The creditor's file: rows are payments, once; a malformed row is told with its line; the watermark comes after the last row, or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from tests.services.payments.service import THE_CLIENT, THE_PORTFOLIO, TODAY, Caller, Running, a_debt, on, reason_of

MAPPING = (Path(__file__).resolve().parents[3] / "data" / "cobros" / "bank.yaml").read_bytes()
COLUMNS = ["Referencia", "Fecha valor", "Importe", "Operación"]
GOOD = [("c-1", "30/03/2026", "1.234,56", "op-1"), ("c-1", "31/03/2026", "10", "op-2"), ("c-2", "31/03/2026", "0,5", "op-3")]


async def a_file_source(caller: Caller) -> str:
    said: dict[str, Any] = {"kind": receipts.SOURCE_KIND_CREDITOR_FILE, "client_id": str(THE_CLIENT), "portfolio_ids": [str(THE_PORTFOLIO)]}
    source_id = await caller.a_source("cobros", **said)
    await caller.PublishCobrosMapping(source_id=source_id, mapping=MAPPING)
    return source_id


async def import_(
    caller: Caller,
    source_id: str,
    rows: Sequence[Sequence[str]],
    through: date | None = TODAY,
    file_ref: str = "file-1",
    told: int | None = None,
) -> pb.ImportCobrosResponse:
    """In chunks of two rows; the last message ends the file."""
    same = {"source_id": source_id, "file_ref": file_ref, "columns": COLUMNS}
    wire = [pb.CobrosRow(line=place, cells=cells) for place, cells in enumerate(rows, start=2)]
    chunks = [pb.ImportCobrosRequest(request_id=f"{file_ref}/{at}", rows=wire[at : at + 2], **same) for at in range(0, len(wire), 2)]
    end = pb.CobrosEnd(rows=len(wire) if told is None else told, complete_through=on(through) if through else None)
    answers = await caller.send("ImportCobros", *chunks, pb.ImportCobrosRequest(request_id=f"{file_ref}/end", end=end, **same))
    whole = pb.ImportCobrosResponse(summary=answers[-1].summary)
    for answer in answers:
        whole.outcomes.extend(answer.outcomes)
    return whole


async def test_a_file_is_payments_and_then_the_source_is_complete(payments: Running) -> None:
    caller = payments.as_()
    source_id = await a_file_source(caller)
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=1_000_000)))
    came = await import_(caller, source_id, GOOD)
    assert (came.summary.rows, came.summary.taken, came.summary.rejected) == (3, 3, 0)
    assert came.summary.complete_through == on(TODAY)
    assert (await caller.GetLedger(case_id=case_id)).allocated.minor_units == 124_456
    payment = (await caller.GetPayment(source_id=source_id, provider_ref="op-3")).payment
    assert (payment.amount.minor_units, payment.file_ref, payment.line) == (50, "file-1", 4)
    assert [place.reason for place in payment.placements] == [receipts.SUSPENSE_REASON_REFERENCE_IS_UNKNOWN]
    # By position: nothing that the watermark speaks of is told after it.
    names = [record.type_name.rpartition(".")[2] for record in await payments.log.read(0, 1_000)]
    assert names.index("PaymentSourceCompleted") == len(names) - 1


async def test_the_same_file_again_is_the_same_payments(payments: Running) -> None:
    caller = payments.as_()
    source_id = await a_file_source(caller)
    first = await import_(caller, source_id, GOOD)
    before = (await payments.log.head()).position
    again = await import_(caller, source_id, GOOD)
    assert [(each.payment_id, each.is_repeated) for each in again.outcomes] == [(each.payment_id, True) for each in first.outcomes]
    assert (again.summary.taken, again.summary.repeated) == (3, 3)
    assert (await payments.log.head()).position == before


async def test_a_malformed_row_is_told_with_its_line_and_the_source_is_not_complete(payments: Running) -> None:
    caller = payments.as_()
    source_id = await a_file_source(caller)
    bad = [
        *GOOD[:1],
        ("c-1", "31/02/2026", "10", "op-4"),
        ("c-1", "31/03/2026", "-10", "op-5"),
        ("c-1", "31/03/2026", "1.2.3,4567", "op-6"),
        ("", "31/03/2026", "10", "op-7"),
        ("c-1", "31/03/2026", "10", ""),
        ("c-1", "31/03/2026", "10"),
        ("c-1", "01/04/2026", "10", "op-8"),
        *GOOD[1:],
    ]
    came = await import_(caller, source_id, bad)
    assert [(each.line, each.field, each.reason) for each in came.outcomes if each.reason] == [
        (3, "value_date", "NOT_A_DAY"),
        (4, "amount", "NOT_POSITIVE"),
        (5, "amount", "NOT_AN_AMOUNT"),
        (6, "case_ref", "LENGTH"),
        (7, "provider_ref", "REQUIRED"),
        (8, "cells", "NUMBER_OF_CELLS"),
        (9, "value_date", "IS_INVALID"),
    ]
    assert (came.summary.taken, came.summary.rejected) == (3, 7)
    assert came.summary.not_completed_because == "FILE_HAS_REJECTED_ROWS"
    assert not came.summary.HasField("complete_through")
    assert not (await caller.GetPaymentSource(source_id=source_id)).source.HasField("complete_through")


async def test_a_file_that_was_cut_completes_nothing(payments: Running) -> None:
    caller = payments.as_()
    source_id = await a_file_source(caller)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await import_(caller, source_id, GOOD, told=4)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert not (await caller.GetPaymentSource(source_id=source_id)).source.HasField("complete_through")


async def test_rows_without_a_number_are_told_apart_within_a_file_and_known_again(payments: Running) -> None:
    caller = payments.as_()
    source_id = await a_file_source(caller)
    await caller.PublishCobrosMapping(source_id=source_id, mapping=MAPPING.replace(b"  provider_ref: Operaci\xc3\xb3n\n", b""))
    alike = [("c-1", "31/03/2026", "10", "x"), ("c-1", "31/03/2026", "10", "x"), ("c-1", "31/03/2026", "11", "x")]
    first = await import_(caller, source_id, alike)
    assert len({each.payment_id for each in first.outcomes}) == 3
    again = await import_(caller, source_id, alike, file_ref="file-2")
    assert [each.payment_id for each in again.outcomes] == [each.payment_id for each in first.outcomes]


async def test_a_watermark_goes_back_only_by_a_correction(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    await caller.CompletePaymentSource(source_id=source_id, complete_through=on(date(2026, 3, 30)), evidence_ref="file-1")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.CompletePaymentSource(source_id=source_id, complete_through=on(date(2026, 3, 29)), evidence_ref="file-2")
    assert reason_of(refused.value) == "WATERMARK_WOULD_GO_BACK"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.CompletePaymentSource(source_id=source_id, complete_through=on(date(2026, 4, 1)), evidence_ref="file-2")
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    await caller.CorrectPaymentSource(source_id=source_id, complete_through=on(date(2026, 3, 28)), reason_code="FILE_WAS_CUT")
    assert (await caller.GetPaymentSource(external_ref="psp")).source.complete_through == on(date(2026, 3, 28))
    await caller.CorrectPaymentSource(source_id=source_id, reason_code="WRONG_SOURCE")
    assert not (await caller.GetPaymentSource(source_id=source_id)).source.HasField("complete_through")
    last = await caller.CompletePaymentSource(source_id=source_id, complete_through=on(date(2026, 3, 27)), evidence_ref="file-1")
    listed = await caller.ListPaymentSources(min_position=last.receipt.position)
    assert [source.complete_through for source in listed.sources] == [on(date(2026, 3, 27))]
    told = [record.type_name.rpartition(".")[2] for record in await payments.log.read(0, 100)]
    assert told == ["PaymentSourceRegistered", "PaymentSourceCompleted", *["PaymentSourceCorrected"] * 2, "PaymentSourceCompleted"]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        (b"columns: {case_ref: a, amount: b, value_date: c}", "mapping.currency"),
        (b"{columns: {case_ref: a, amount: b}, currency: EUR}", "mapping.columns.value_date"),
        (b"{columns: {case_ref: a, amount: a, value_date: c}, currency: EUR}", "mapping.columns"),
        (b"{columns: {case_ref: a, amount: b, value_date: c, iban: d}, currency: EUR}", "mapping.columns"),
        (b"{columns: {case_ref: a, amount: b, value_date: c}, currency: EUR, date_format: '%H'}", "mapping.date_format"),
        (b"{columns: {case_ref: a, amount: b, value_date: c}, currency: EUR, thousands: ','}", "mapping.decimal"),
        (b"{", "mapping"),
    ],
)
async def test_a_mapping_that_could_not_be_followed_is_refused(payments: Running, mapping: bytes, field: str) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.PublishCobrosMapping(source_id=source_id, mapping=mapping)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert field in str(refused.value.trailing_metadata())
