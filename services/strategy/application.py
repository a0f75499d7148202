"""The verbs of strategy, for all its doors: each says which stream decides, and which table it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from services.kernel.facts import Causation, Change
from services.kernel.money import Money
from services.strategy.adapters import segment_table
from services.strategy.domain import assignment, segments, treatment
from services.strategy.domain.assignment import Explanation
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.standing import BalanceAuthority, Report
from services.strategy.domain.treatment import Treatment

# Segment tables -----------------------------------------------------------------


def publish_segment_table(tenant_id: str, name: str, table: bytes) -> Change[SegmentTables]:
    decide = partial(segments.publish, name=name, table=table, check=segment_table.check)
    return Change(SegmentTables, segments.stream_of(tenant_id), decide)


def activate_segment_table(tenant_id: str, version: int) -> Change[SegmentTables]:
    return Change(SegmentTables, segments.stream_of(tenant_id), partial(segments.activate, version=version))


# Treatments, as the case goes ----------------------------------------------------


def start_treatment(
    case_id: UUID,
    client_id: UUID,
    portfolio_id: UUID,
    origin: Causation,
    currency_code: str,
    balance_authority: BalanceAuthority,
    zone: str,
) -> Change[Treatment]:
    decide = partial(
        treatment.start,
        case_id=case_id,
        client_id=client_id,
        portfolio_id=portfolio_id,
        origin=origin,
        currency_code=currency_code,
        balance_authority=balance_authority,
        zone=zone,
    )
    return Change(Treatment, treatment.stream_of(case_id), decide)


def open_treatment(tenant_id: str, origin: Causation, bucket: str) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.open_treatment, origin=origin, bucket=bucket))


def end_treatment(tenant_id: str, origin: Causation, reason_code: str) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.end_treatment, origin=origin, reason_code=reason_code))


def resume_treatment(tenant_id: str, origin: Causation) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.resume_treatment, origin=origin))


def note_terms(
    tenant_id: str, origin: Causation, balance_authority: BalanceAuthority, zone: str, effective_from: date
) -> Change[Treatment]:
    note = partial(treatment.note_terms, origin=origin, balance_authority=balance_authority, zone=zone, effective_from=effective_from)
    return _by_the_table(tenant_id, origin, note)


def note_bucket(tenant_id: str, origin: Causation, bucket: str) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_bucket, origin=origin, bucket=bucket))


def note_debt(tenant_id: str, origin: Causation, debt_id: UUID, change: Money) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_debt, origin=origin, debt_id=debt_id, change=change))


def note_payment(tenant_id: str, origin: Causation, changes: Mapping[UUID, Money]) -> Change[Treatment]:
    """Money came, or was taken back: by how much each debt changed."""
    return _by_the_table(tenant_id, origin, partial(treatment.note_payment, origin=origin, changes=changes))


def note_debt_gone(tenant_id: str, origin: Causation, debt_id: UUID) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_debt_gone, origin=origin, debt_id=debt_id))


def note_report(tenant_id: str, origin: Causation, as_of: date, reported: Money) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_report, origin=origin, as_of=as_of, reported=reported))


def note_report_gone(tenant_id: str, origin: Causation, newest: Report | None) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_report_gone, origin=origin, newest=newest))


def _by_the_table(tenant_id: str, origin: Causation, note: Callable[[Treatment], None]) -> Change[Treatment]:
    """Take in one fact of the case (`origin` is a version of the case's stream) and ask the tenant's table in force."""
    return Change(
        Treatment,
        treatment.stream_of(origin.stream_id),
        partial(treatment.take_in, origin=origin, note=note, evaluate=segment_table.evaluate),
        given=((SegmentTables, segments.stream_of(tenant_id)),),
    )


# Questions ------------------------------------------------------------------------


def explain_segment(of: Treatment, tables: SegmentTables) -> Explanation:
    """Why the case is in its segment, evaluated again."""
    return assignment.explain(of, tables, segment_table.evaluate)
