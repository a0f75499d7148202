"""Treatment: one case's position in our strategy: where it stands, as we were told, and the segment it is in for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel import calendar, ids
from services.kernel.facts import Causation, Due, Stream
from services.kernel.money import Money
from services.kernel.refusal import IsUnknown
from services.strategy.domain.assignment import Assigned, assign_segment
from services.strategy.domain.course import Course
from services.strategy.domain.happenings import PartyRole, Promises
from services.strategy.domain.heeding import Holds, Pause
from services.strategy.domain.lifecycle import (
    BalanceAuthorityNoted,
    StandingNoted,
    TreatmentEnded,
    TreatmentOpened,
    TreatmentResumed,
    TreatmentStarted,
)
from services.strategy.domain.segments import Evaluate, Inputs, SegmentTables
from services.strategy.domain.standing import BalanceAuthority, Report, Standing, TermsNoted
from services.strategy.domain.waking import due

# Where it stands -------------------------------------------------------------


class Treatment(Stream):
    def __init__(self) -> None:
        self.case_id = UUID(int=0)
        self.client_id = UUID(int=0)
        self.portfolio_id = UUID(int=0)
        self.heard = 0
        """Version of the case up to which what we were told is noted."""
        self.is_open = False
        self.has_ended = False
        self.terms: list[TermsNoted] = []
        self.standing = Standing("", Money.zero(""), {}, None)
        self.assigned: Assigned | None = None
        self.opened_at: datetime | None = None
        self.in_segment_since: datetime | None = None
        self.in_bucket_since: date | None = None
        self.past_due_units: int | None = None
        """Days or cycles, as the bucket set counts; None: not known."""
        self.parties: dict[UUID, PartyRole] = {}
        self.payments: dict[UUID, tuple[Money, date]] = {}
        """What counts, by allocation: how much, from which day on."""
        self.promises = Promises()
        self.money: dict[UUID, datetime | None] = {}
        """On its way, and until when it is waited for."""
        self.holds = Holds()
        self.pause: Pause | None = None
        self.course = Course()

    @property
    def segment(self) -> str:
        """Empty until a table has spoken."""
        return self.assigned.match.segment if self.assigned else ""

    @property
    def table_version(self) -> int:
        """Of the table that spoke; 0 until one has."""
        return self.assigned.table_version if self.assigned else 0

    @property
    def inputs(self) -> Inputs:
        """What a table would see now."""
        return Inputs(self.standing.bucket, self.standing.balance, self.client_id)

    @property
    def is_treated(self) -> bool:
        return self.is_open and not self.has_ended

    @property
    def debtor(self) -> UUID | None:
        """Whom messages go to: the first main debtor, else the first who owes beside one."""
        by_role = [
            [person for person, role in self.parties.items() if role is wanted] for wanted in (PartyRole.DEBTOR, PartyRole.CO_DEBTOR)
        ]
        return next((person for persons in by_role for person in persons), None)

    @property
    def zone(self) -> ZoneInfo:
        """In which the case's days begin, by the last terms that were told."""
        return calendar.zone(self.terms[-1].zone)

    @property
    def today(self) -> date:
        return self.day_of(self.now)

    def day_of(self, instant: datetime) -> date:
        return calendar.date_at(instant, self.zone)

    @property
    def segment_since(self) -> date | None:
        return self.day_of(self.in_segment_since) if self.in_segment_since else None

    @property
    def bucket_since(self) -> date | None:
        if self.in_bucket_since is not None:
            return self.in_bucket_since
        return self.day_of(self.opened_at) if self.opened_at else None

    def heard_of(self, origin: Causation) -> None:
        """Facts of other services have numbers of their own."""
        if origin.stream_id == self.case_id:
            self.heard = origin.version

    def due(self) -> Iterable[Due]:
        return due(self)


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's treatment."""
    return ids.derived("treatment", case_id)


# What may be decided ---------------------------------------------------------


class TreatmentIsUnknown(IsUnknown):
    """There is no treatment of such a case, or none that the caller may see."""


def start(
    treatment: Treatment,
    case_id: UUID,
    client_id: UUID,
    portfolio_id: UUID,
    origin: Causation,
    currency_code: str,
    balance_authority: BalanceAuthority,
    zone: str,
    is_history: bool = False,
) -> None:
    """The case is registered: from now on we keep in mind where it stands. Nothing is asked of anybody yet, history or not."""
    if treatment.exists:
        return
    treatment.tell(
        TreatmentStarted(
            **treatment.next(),
            case_id=case_id,
            client_id=client_id,
            portfolio_id=portfolio_id,
            origin=origin,
            currency_code=currency_code,
            balance_authority=balance_authority,
            zone=zone,
        )
    )


def must_exist(treatment: Treatment) -> None:
    if not treatment.exists:
        raise TreatmentIsUnknown


def take_in(treatment: Treatment, tables: SegmentTables, origin: Causation, note: Callable[[Treatment], None], evaluate: Evaluate) -> None:
    """One fact of the case: note it, then see which segment the case is in for it. What comes late, after a newer word, is passed over."""
    if not treatment.exists:
        raise TreatmentIsUnknown
    if origin.version <= treatment.heard:
        return
    note(treatment)
    _note(treatment, origin, treatment.standing)  # the word may have passed to another since the last fact
    assign_segment(treatment, tables, evaluate)


def open_treatment(treatment: Treatment, origin: Causation, bucket: str) -> None:
    """The case is open; `bucket` is empty where its delinquency is not known yet."""
    if not treatment.is_open:
        treatment.tell(TreatmentOpened(**treatment.next(), case_id=treatment.case_id, origin=origin))
    if bucket:
        note_bucket(treatment, origin, bucket)


def end_treatment(treatment: Treatment, origin: Causation, reason_code: str) -> None:
    if not treatment.has_ended:
        treatment.tell(TreatmentEnded(**treatment.next(), case_id=treatment.case_id, reason_code=reason_code, origin=origin))


def resume_treatment(treatment: Treatment, origin: Causation) -> None:
    if treatment.has_ended:
        treatment.tell(TreatmentResumed(**treatment.next(), case_id=treatment.case_id, origin=origin))


def note_terms(treatment: Treatment, origin: Causation, balance_authority: BalanceAuthority, zone: str, effective_from: date) -> None:
    """Whose balance counts from a day on; where that day has come, the balance may be another one."""
    terms, last = TermsNoted(effective_from, balance_authority, zone), treatment.terms[-1]
    if terms != replace(last, effective_from=effective_from) or effective_from < last.effective_from:
        treatment.tell(
            BalanceAuthorityNoted(
                **treatment.next(),
                balance_authority=terms.balance_authority,
                zone=terms.zone,
                effective_from=terms.effective_from,
                origin=origin,
            )
        )


def note_bucket(treatment: Treatment, origin: Causation, bucket: str) -> None:
    _note(treatment, origin, treatment.standing.with_bucket(bucket))


def note_debt(treatment: Treatment, origin: Causation, debt_id: UUID, change: Money) -> None:
    """A debt was attached (its whole balance is the change) or adjusted."""
    known = treatment.standing.debts.get(debt_id, Money.zero(change.currency_code))
    _note(treatment, origin, treatment.standing.with_debt(debt_id, known + change), debt_id)


def note_payment(treatment: Treatment, origin: Causation, changes: Mapping[UUID, Money]) -> None:
    """What is paid on a debt that counts no longer changes nothing."""
    for debt_id, change in changes.items():
        if debt_id in treatment.standing.debts:
            note_debt(treatment, origin, debt_id, change)


def note_debt_gone(treatment: Treatment, origin: Causation, debt_id: UUID) -> None:
    _note(treatment, origin, treatment.standing.with_debt(debt_id, None), debt_id)


def note_report(treatment: Treatment, origin: Causation, as_of: date, reported: Money) -> None:
    """The creditor's snapshot. One of a day before the latest is no news; one of the same day corrects it."""
    _note(treatment, origin, treatment.standing.with_report(Report(as_of, reported)))


def note_report_gone(treatment: Treatment, origin: Causation, newest: Report | None) -> None:
    """A snapshot was wrong: `newest` is the one that counts now; None: nobody's word does but our ledger's."""
    _note(treatment, origin, replace(treatment.standing, report=newest))


def _note(treatment: Treatment, origin: Causation, said: Standing, debt_id: UUID | None = None) -> None:
    """Tell where the case stands if that, or what it rests on, has changed."""
    known = treatment.standing
    standing = said.weighed(treatment.terms, treatment.now)
    if standing == known:
        return
    # A report that is gone is told by its day without its balance.
    report = (standing.report or known.report) if standing.report != known.report else None
    treatment.tell(
        StandingNoted(
            **treatment.next(),
            bucket=standing.bucket,
            balance=standing.balance,
            origin=origin,
            debt_id=debt_id,
            debt_balance=_balance_of(standing.debts, debt_id),
            reported_as_of=report.as_of if report else None,
            reported=report.balance if report and standing.report else None,
        )
    )


def _balance_of(debts: Mapping[UUID, Money], debt_id: UUID | None) -> Money | None:
    return debts.get(debt_id) if debt_id else None
