"""A batch is released only when what was received is what was declared; then its cases open, step by step."""

from uuid import UUID

from services.cases.domain import batch as batches
from services.cases.domain.batch import (
    AMOUNT_MINOR_UNITS_MAX,
    CASES_PER_WAKE,
    Batch,
    BatchAmountsAreTooLarge,
    BatchHasTooManyRejectedRows,
    BatchIsRejected,
    BatchIsReleased,
    BatchIsUnknown,
    BatchTotalsDoNotMatch,
    ControlTotals,
    ReceivedRow,
    RejectedRow,
)
from services.cases.domain.case import Case
from services.cases.timers import handle_next_rows
from services.chassis.log.origins import TimerFired
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import NOON, THE_BATCH, a_portfolio, at, eur, names, refused, stored


def a_batch(count: int = 3, amount: int = 300) -> Batch:
    batch = at(Batch.blank(THE_BATCH), NOON)
    batches.receive(batch, a_portfolio(), "remesa-1", ControlTotals(count, eur(amount)))
    return stored(batch)


def accepted(n: int) -> ReceivedRow:
    return ReceivedRow(eur(100), UUID(int=100 + n), f"ref-{n}")


def rejected(line: int) -> ReceivedRow:
    return ReceivedRow(eur(100), rejected=RejectedRow(line, "product", "IS_INVALID"))


def fired(batch: Batch) -> TimerFired:
    return TimerFired("t", batch.id, batch.version, "batch.rows", NOON)


def test_totals_are_over_received_rows_accepted_or_not() -> None:
    batch = a_batch()
    batches.record_rows(batch, "chunk-1", [accepted(1), rejected(2), accepted(3)])
    batches.release(batch)
    assert names(batch) == ["BatchRowsRecorded", "BatchReleased"]
    assert batch.found == ControlTotals(3, eur(300))


def test_a_chunk_or_a_row_that_comes_twice_is_counted_once() -> None:
    batch = a_batch()
    batches.record_rows(batch, "chunk-1", [accepted(1), rejected(2)])
    batches.record_rows(batch, "chunk-1", [accepted(1), rejected(2)])
    batches.record_rows(batch, "chunk-2", [accepted(1), rejected(2), accepted(3)])
    assert names(batch) == ["BatchRowsRecorded", "BatchRowsRecorded"]
    assert (batch.found, list(batch.cases.values())) == (ControlTotals(3, eur(300)), ["ref-1", "ref-3"])


def test_a_batch_whose_totals_differ_is_not_released() -> None:
    batch = a_batch()
    batches.record_rows(batch, "chunk-1", [accepted(1), rejected(2)])
    with refused(BatchTotalsDoNotMatch, declared_count=3, found_count=2, declared_minor_units=30_000, found_minor_units=20_000):
        batches.release(batch)
    assert list(batch.due()) == []


def test_a_batch_ends_once() -> None:
    batch = a_batch(1, 100)
    batches.record_rows(batch, "chunk-1", [accepted(1)])
    batches.release(batch)
    for decide in (
        batches.release,
        lambda b: batches.reject(b, "CLIENT_ASKED"),
        lambda b: batches.record_rows(b, "chunk-2", [accepted(2)]),
    ):
        with refused(BatchIsReleased):
            decide(batch)
    other = a_batch()
    batches.reject(other, "CLIENT_ASKED")
    with refused(BatchIsRejected):
        batches.release(other)
    with refused(BatchIsUnknown):
        batches.release(at(Batch.blank(THE_BATCH), NOON))


def test_a_released_batch_opens_its_cases_step_by_step() -> None:
    batch = a_batch(130, 13_000)
    batches.record_rows(batch, "chunk-1", [accepted(n) for n in range(100)])
    batches.record_rows(batch, "chunk-2", [accepted(n) for n in range(100, 130)])
    batches.release(batch)
    (due,) = batch.due()
    assert due.key == "batch.rows"
    first, *cases = handle_next_rows(batch, fired(batch))
    assert (first.stream, len(cases), {change.stream for change in cases}) == (Batch, CASES_PER_WAKE, {Case})
    first.decide(batch)
    assert (batch.done, len(list(batch.due()))) == (128, 1)
    last, *cases = handle_next_rows(batch, fired(batch))
    last.decide(batch)
    last.decide(batch)
    assert (batch.done, len(cases), list(batch.due())) == (130, 2, [])


def test_a_rejected_batch_gives_up_the_references_of_its_rows() -> None:
    batch = a_batch()
    batches.record_rows(batch, "chunk-1", [accepted(1)])
    batches.reject(batch, "CLIENT_ASKED")
    _, reject = handle_next_rows(batch, fired(batch))
    assert [claim.value for claim in reject.releases] == [f"{batch.client_id}/ref-1"]


def test_a_file_of_broken_rows_is_refused_as_a_whole() -> None:
    batch = a_batch(20_000, 300)
    for chunk in range(78):
        batches.record_rows(batch, f"chunk-{chunk}", [rejected(chunk * 128 + n) for n in range(128)])
    with refused(BatchHasTooManyRejectedRows):
        batches.record_rows(batch, "one-more", [rejected(78 * 128 + n) for n in range(128)])


def test_rows_that_no_declared_total_could_match_are_refused() -> None:
    batch = a_batch(3, 300)
    batches.record_rows(batch, "chunk-1", [ReceivedRow(Money("EUR", AMOUNT_MINOR_UNITS_MAX), case_id=UUID(int=1), external_ref="a")])
    with refused(BatchAmountsAreTooLarge):
        batches.record_rows(batch, "chunk-2", [ReceivedRow(Money("EUR", -1), case_id=UUID(int=2), external_ref="b")])


def test_a_batch_is_declared_in_the_portfolios_currency() -> None:
    batch = at(Batch.blank(THE_BATCH), NOON)
    with refused(IsInvalid, field="declared.count"):
        batches.receive(batch, a_portfolio(), "remesa-1", ControlTotals(0, eur(0)))
