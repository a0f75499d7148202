"""Terms: on what conditions a client entrusts a portfolio, and which of their versions is in force on a day."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

from services.cases.domain import buckets
from services.cases.domain.buckets import BucketSet, BucketUnit
from services.cases.domain.components import Component
from services.kernel.calendar import date_at, zone
from services.kernel.refusal import IsInvalid

_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Authority(Enum):
    """Whose word counts."""

    OURS = "OURS"
    CREDITOR = "CREDITOR"


@dataclass(frozen=True, slots=True)
class DelinquencyPolicy:
    """How days are counted, where we count them: grace, tolerance over a debt's components together, and whether holds pause the count."""

    grace_days: int = 0
    tolerance_minor_units: int = 0
    counted_components: tuple[Component, ...] = ()
    """Those whose unpaid amounts make a case late; none named: all."""
    ignores_pauses: bool = False


@dataclass(frozen=True, slots=True)
class PortfolioTerms:
    """One version of a portfolio's conditions."""

    zone: str
    calendar: str
    currency_code: str
    bucket_set: BucketSet
    balance_authority: Authority
    delinquency_authority: Authority
    jurisdiction: str
    delinquency_policy: DelinquencyPolicy | None = None
    payment_source_ids: tuple[str, ...] = ()
    """Through which its payments come, as payments registered them."""


@dataclass(slots=True)
class TermsInForce:
    """The versions as told. A later version covers every day from its first on, also days for which an earlier one was told."""

    versions: list[tuple[date, PortfolioTerms]] = field(default_factory=list)

    def at(self, day: date) -> PortfolioTerms:
        return next(terms for since, terms in reversed(self.versions) if since <= day)

    def first_days(self) -> list[date]:
        return [since for since, _ in self.versions]

    def zone_at(self, instant: datetime) -> ZoneInfo:
        # The zone that says which day it is may itself change with the terms; the UTC date is near enough to choose between two versions.
        return zone(self.at(instant.date()).zone)

    def today(self, now: datetime) -> date:
        return date_at(now, self.zone_at(now))


def check(terms: PortfolioTerms, field_name: str = "terms") -> None:
    """Refuse terms that no portfolio could be worked on."""
    zone(terms.zone, f"{field_name}.zone")
    if not _CURRENCY.fullmatch(terms.currency_code):
        raise IsInvalid(f"{field_name}.currency_code", "must be an ISO 4217 code: three capital letters")
    for name, value in (("calendar", terms.calendar), ("jurisdiction", terms.jurisdiction)):
        if not _COUNTRY.fullmatch(value):
            raise IsInvalid(f"{field_name}.{name}", "must be an ISO 3166 country, optionally with a subdivision (ES, ES-MD)")
    buckets.check(terms.bucket_set, f"{field_name}.bucket_set")
    if terms.delinquency_authority is Authority.OURS and terms.bucket_set.unit is BucketUnit.CYCLES:
        raise IsInvalid(
            f"{field_name}.delinquency_authority", "must be the creditor's: cycles are declared, only days can be counted by us"
        )
