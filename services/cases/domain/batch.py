"""Batches (remesas): rows that a client sends under control totals, checked before any of their cases opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.cases.domain.portfolio import Portfolio
from services.kernel.facts import Due, Fact, Stream
from services.kernel.money import Money, total
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal

ROWS_PER_BATCH_MAX = 1_000_000
AMOUNT_MINOR_UNITS_MAX = 10**15
"""Of all rows received, regardless of sign: declared totals are bounded like every amount."""
REJECTED_ROWS_MAX = 10_000
"""A file with more broken rows than this is itself broken: reject the batch and have it sent again."""
CASES_PER_WAKE = 128
"""How many cases a released batch opens in one unit."""

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """How many rows and how much, over received rows, accepted or not."""

    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not accepted: `reason` is the upper-case name of the rule that `field` breaks."""

    line: int
    field: str
    reason: str


class BatchReceived(Fact):
    client_id: UUID
    portfolio_id: UUID
    external_ref: str
    declared: ControlTotals

    def apply(self, batch: Batch) -> None:
        batch.state = BatchState.RECEIVED
        batch.client_id = self.client_id
        batch.portfolio_id = self.portfolio_id
        batch.external_ref = self.external_ref
        batch.declared = self.declared
        batch.found = ControlTotals(0, Money.zero(self.declared.amount.currency_code))


class BatchRowsRecorded(Fact):
    chunk: str
    case_ids: tuple[UUID, ...]
    external_refs: tuple[str, ...]
    accepted_amount: Money
    rejected: tuple[RejectedRow, ...]
    rejected_amount: Money

    def apply(self, batch: Batch) -> None:
        batch.cases.update(zip(self.case_ids, self.external_refs, strict=True))
        batch.rejected.update((row.line, row) for row in self.rejected)
        batch.moved_minor_units += abs(self.accepted_amount.minor_units) + abs(self.rejected_amount.minor_units)
        batch.found = ControlTotals(
            batch.found.count + len(self.case_ids) + len(self.rejected), batch.found.amount + self.accepted_amount + self.rejected_amount
        )


class BatchReleased(Fact):
    found: ControlTotals
    rejected: int

    def apply(self, batch: Batch) -> None:
        batch.state = BatchState.RELEASED


class BatchRejected(Fact):
    reason_code: str
    found: ControlTotals

    def apply(self, batch: Batch) -> None:
        batch.state = BatchState.REJECTED


class BatchRowsOpened(Fact):
    done: int

    def apply(self, batch: Batch) -> None:
        batch.done = self.done


# Where it stands -------------------------------------------------------------


class BatchState(Enum):
    """Where a batch is in its life."""

    RECEIVED = "RECEIVED"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"


class Batch(Stream):
    begins_with = ("BatchReceived",)

    def __init__(self) -> None:
        self.state = BatchState.RECEIVED
        self.client_id = UUID(int=0)
        self.portfolio_id = UUID(int=0)
        self.external_ref = ""
        self.declared = ControlTotals(0, Money.zero("XXX"))
        self.found = ControlTotals(0, Money.zero("XXX"))
        self.cases: dict[UUID, str] = {}
        self.rejected: dict[int, RejectedRow] = {}
        self.moved_minor_units = 0
        self.done = 0

    @property
    def currency_code(self) -> str:
        return self.declared.amount.currency_code

    def next_cases(self) -> list[tuple[UUID, str]]:
        """The next of the accepted cases to be opened (or rejected), with their references, in the order they came."""
        return list(self.cases.items())[self.done : self.done + CASES_PER_WAKE]

    def due(self) -> Iterable[Due]:
        if self.state is not BatchState.RECEIVED and self.done < len(self.cases):
            yield Due("batch.rows", self.modified_on)

    def must_take_rows(self) -> None:
        if not self.exists:
            raise BatchIsUnknown
        if self.state is BatchState.RELEASED:
            raise BatchIsReleased
        if self.state is BatchState.REJECTED:
            raise BatchIsRejected


# What may be decided ---------------------------------------------------------


class BatchIsUnknown(IsUnknown):
    """There is no such batch, or none that the caller may see."""


class BatchIsReceivedAlready(AlreadyExists):
    """The batch is received already, for another portfolio or with other totals."""


class BatchIsReleased(Refusal):
    """The batch has been released: its cases are open."""


class BatchIsRejected(Refusal):
    """The batch has been rejected: its rows may be sent again in another one."""


class BatchTotalsDoNotMatch(Refusal):
    """What was received is not what the client declared."""


class BatchHasTooManyRejectedRows(Refusal):
    """So many rows are broken that the file must be: reject the batch and have it sent again."""


class BatchAmountsAreTooLarge(Refusal):
    """The rows add up to more than any declared total can be."""


class RowIsRejectedAlready(Refusal):
    """The line has been counted as rejected: a corrected row comes in another batch."""


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """A row as it counts for the batch: either accepted as a case or rejected."""

    amount: Money
    case_id: UUID | None = None
    external_ref: str = ""
    rejected: RejectedRow | None = None


def receive(batch: Batch, portfolio: Portfolio, external_ref: str, declared: ControlTotals) -> None:
    portfolio.must_exist()
    if batch.exists:
        if (batch.portfolio_id, batch.external_ref, batch.declared) == (portfolio.id, external_ref, declared):
            return
        raise BatchIsReceivedAlready(external_ref=batch.external_ref)
    if not 1 <= declared.count <= ROWS_PER_BATCH_MAX:
        raise IsInvalid("declared.count", f"must be 1 to {ROWS_PER_BATCH_MAX} rows")
    currency_code = portfolio.terms.versions[0][1].currency_code
    if declared.amount.currency_code != currency_code:
        raise IsInvalid("declared.amount.currency_code", f"must be the portfolio's: {currency_code}")
    batch.tell(
        BatchReceived(
            **batch.next(), client_id=portfolio.client_id, portfolio_id=portfolio.id, external_ref=external_ref, declared=declared
        )
    )


def record_rows(batch: Batch, chunk: str, rows: Sequence[ReceivedRow]) -> None:
    """Count a chunk's rows. A row that has been counted, in this chunk sent again or in another one, is not counted again."""
    accepted = {row.case_id: row for row in rows if row.case_id is not None and row.case_id not in batch.cases}
    rejected = {row.rejected.line: row for row in rows if row.rejected is not None and row.rejected.line not in batch.rejected}
    if batch.exists and not accepted and not rejected:
        return
    batch.must_take_rows()
    if len(batch.rejected) + len(rejected) > REJECTED_ROWS_MAX:
        raise BatchHasTooManyRejectedRows(rejected_rows_max=REJECTED_ROWS_MAX)
    moved = sum(abs(row.amount.minor_units) for row in (*accepted.values(), *rejected.values()))
    if batch.moved_minor_units + moved > AMOUNT_MINOR_UNITS_MAX:
        raise BatchAmountsAreTooLarge(minor_units_max=AMOUNT_MINOR_UNITS_MAX)
    batch.tell(
        BatchRowsRecorded(
            **batch.next(),
            chunk=chunk,
            case_ids=tuple(case_id for case_id in accepted if case_id is not None),
            external_refs=tuple(row.external_ref for row in accepted.values()),
            accepted_amount=total((row.amount for row in accepted.values()), batch.currency_code),
            rejected=tuple(row.rejected for row in rejected.values() if row.rejected is not None),
            rejected_amount=total((row.amount for row in rejected.values()), batch.currency_code),
        )
    )


def release(batch: Batch) -> None:
    batch.must_take_rows()
    if batch.found != batch.declared:
        raise BatchTotalsDoNotMatch(
            declared_count=batch.declared.count,
            found_count=batch.found.count,
            declared_minor_units=batch.declared.amount.minor_units,
            found_minor_units=batch.found.amount.minor_units,
            currency_code=batch.currency_code,
        )
    batch.tell(BatchReleased(**batch.next(), found=batch.found, rejected=len(batch.rejected)))


def reject(batch: Batch, reason_code: str) -> None:
    batch.must_take_rows()
    batch.tell(BatchRejected(**batch.next(), reason_code=reason_code, found=batch.found))


def record_opened(batch: Batch, done: int) -> None:
    """That the first `done` of the batch's cases have been handled. Told once for each step."""
    if done > batch.done:
        batch.tell(BatchRowsOpened(**batch.next(), done=done))
