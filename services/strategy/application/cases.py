"""The verbs of a treatment as its case goes: what cases tells is noted, and the case goes on by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from uuid import UUID

from services.kernel.facts import Causation, Change
from services.kernel.money import Money, total
from services.strategy.application.strategies import ENGINE
from services.strategy.domain import advancing, happenings, heeding, segments, strategies, treatment
from services.strategy.domain.happenings import PartyRole, PromiseState
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.standing import BalanceAuthority, Report
from services.strategy.domain.strategies import Strategies
from services.strategy.domain.treatment import Treatment


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


def note_bucket(
    tenant_id: str, origin: Causation, bucket: str, past_due_units: int | None = None, since: date | None = None
) -> Change[Treatment]:
    """Into which bucket the case has come; how late it is and since when, where that was told."""

    def note(live: Treatment) -> None:
        treatment.note_bucket(live, origin, bucket)
        if past_due_units is not None and since is not None:
            happenings.note_lateness(live, origin, past_due_units, since)

    return _by_the_table(tenant_id, origin, note)


def note_debt(tenant_id: str, origin: Causation, debt_id: UUID, change: Money) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_debt, origin=origin, debt_id=debt_id, change=change))


def note_payment(
    tenant_id: str,
    origin: Causation,
    changes: Mapping[UUID, Money],
    payment_id: UUID | None = None,
    allocation_id: UUID | None = None,
    value_date: date | None = None,
    is_taken_back: bool = False,
) -> Change[Treatment]:
    """Money came, or was taken back: by how much each debt changed, and which allocation it was."""

    def note(live: Treatment) -> None:
        treatment.note_payment(live, origin, changes)
        if payment_id is not None and allocation_id is not None and value_date is not None and changes:
            amount = total([max(change, -change) for change in changes.values()], next(iter(changes.values())).currency_code)
            happenings.note_payment(live, origin, payment_id, allocation_id, amount, value_date, is_taken_back)

    return _by_the_table(tenant_id, origin, note)


def note_debt_gone(tenant_id: str, origin: Causation, debt_id: UUID) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_debt_gone, origin=origin, debt_id=debt_id))


def note_report(tenant_id: str, origin: Causation, as_of: date, reported: Money) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_report, origin=origin, as_of=as_of, reported=reported))


def note_report_gone(tenant_id: str, origin: Causation, newest: Report | None) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(treatment.note_report_gone, origin=origin, newest=newest))


# What else the case tells ----------------------------------------------------------


def note_debtor(tenant_id: str, origin: Causation, person_id: UUID, role: PartyRole, is_gone: bool = False) -> Change[Treatment]:
    note = partial(happenings.note_debtor, origin=origin, person_id=person_id, role=role, is_gone=is_gone)
    return _by_the_table(tenant_id, origin, note)


def note_promise(
    tenant_id: str, origin: Causation, promise_id: UUID, state: PromiseState, deadline: date | None = None
) -> Change[Treatment]:
    note = partial(happenings.note_promise, origin=origin, promise_id=promise_id, state=state, deadline=deadline)
    return _by_the_table(tenant_id, origin, note)


def note_promise_due_again(tenant_id: str, origin: Causation, promise_id: UUID) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(happenings.note_promise_due_again, origin=origin, promise_id=promise_id))


def note_reminder(tenant_id: str, origin: Causation) -> Change[Treatment]:
    """A part of a promise comes due: nothing changes, and the strategy may remind of it."""
    return _by_the_table(tenant_id, origin, lambda live: None, occasion="on_reminder_due")


def note_money(tenant_id: str, origin: Causation, money_id: UUID, until: datetime | None = None) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(happenings.note_money, origin=origin, money_id=money_id, until=until))


def settle_money(tenant_id: str, origin: Causation, money_id: UUID, reason_code: str) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(happenings.settle_money, origin=origin, money_id=money_id, reason_code=reason_code))


def heed_hold(
    tenant_id: str,
    origin: Causation,
    hold_id: UUID,
    stops_treatment: bool,
    from_: date,
    through: date | None,
    debt_id: UUID | None,
    is_of_a_part: bool,
) -> Change[Treatment]:
    note = partial(
        heeding.heed_hold,
        origin=origin,
        hold_id=hold_id,
        stops_treatment=stops_treatment,
        from_=from_,
        through=through,
        debt_id=debt_id,
        is_of_a_part=is_of_a_part,
    )
    return _by_the_table(tenant_id, origin, note)


def note_hold_change(tenant_id: str, origin: Causation, hold_id: UUID, through: date | None) -> Change[Treatment]:
    return _by_the_table(tenant_id, origin, partial(heeding.note_hold_change, origin=origin, hold_id=hold_id, through=through))


def _by_the_table(tenant_id: str, origin: Causation, note: Callable[[Treatment], None], occasion: str = "") -> Change[Treatment]:
    """Take in one fact of the case (`origin` is a version of its stream), ask the table in force, and go on by the strategy in force."""
    return Change(
        Treatment,
        treatment.stream_of(origin.stream_id),
        partial(advancing.take_in, origin=origin, note=note, engine=ENGINE, occasion=occasion),
        given=((SegmentTables, segments.stream_of(tenant_id)), (Strategies, strategies.stream_of(tenant_id))),
    )
