"""The words of what callers ask for: facts, adjustments, debts and people as they might be, drawn from what a tenant's callers know."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words
from acuerdo.common.v1.types_pb2 import Money
from google.type.date_pb2 import Date

from dev.play import CURRENCY
from proof.load.knowing import Book, Known


def fact(book: Book, case: Known) -> dict[str, Any]:
    return {
        "request_id": book.next_id("fact"),
        "case_id": case.case_id,
        "key": "note",
        "value": book.personal("said on the telephone"),
        "source": "call",
        "confidence": words.CONFIDENCE_STATED,
    }


def adjustment(book: Book, case: Known) -> dict[str, Any]:
    delta = words.ComponentAmount(component=words.COMPONENT_PRINCIPAL, amount=money(book.rng.randint(-2_000, 5_000) or 1))
    return {
        "request_id": book.next_id("adjust"),
        "case_id": case.case_id,
        "debt_id": book.rng.choice(case.debts),
        "deltas": [delta],
        "reason": words.ADJUSTMENT_REASON_CORRECTION,
    }


def etag(book: Book, case: Known) -> str:
    """Sometimes the version seen; somebody else may have been quicker."""
    return str(case.version) if case.version and book.rng.random() < 0.3 else ""


def party(book: Book) -> words.Party:
    return words.Party(person_id=book.somebody(), role=words.PARTY_ROLE_DEBTOR, liability=words.LIABILITY_FULL)


def debts(book: Book) -> list[words.Debt]:
    amount = words.ComponentAmount(component=words.COMPONENT_PRINCIPAL, amount=money(book.rng.randint(20_000, 900_000)))
    return [words.Debt(external_ref="D-1", product="card", components=[amount])]


def row(book: Book, ref: str, line: int) -> cases.CaseRow:
    return cases.CaseRow(line=line, external_ref=ref, product="card", parties=[party(book)], debts=debts(book))


def money(minor_units: int) -> Money:
    return Money(currency_code=CURRENCY, minor_units=minor_units)


def day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def today() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)  # in every zone it has begun
