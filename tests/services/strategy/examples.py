"""Named examples that the tests of strategy speak of: a tenant's tables, a case that owes 1,000.00, a table that needs no engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

from services.kernel.facts import Causation, Fact, Stream, told
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from services.strategy.domain import segments, treatment
from services.strategy.domain.segments import Inputs, Match, SegmentTables
from services.strategy.domain.standing import BalanceAuthority
from services.strategy.domain.treatment import Treatment

S = TypeVar("S", bound=Stream)

NOON = datetime(2026, 3, 31, 10, tzinfo=UTC)
TODAY = date(2026, 3, 31)
THE_TENANT = "demo"
THE_CLIENT = UUID(int=1)
THE_PORTFOLIO = UUID(int=2)
THE_CASE = UUID(int=4)
THE_DEBT = UUID(int=6)
ANOTHER_DEBT = UUID(int=7)

SAMPLE = (Path(__file__).parents[3] / "data" / "segments.json").read_bytes()
"""The table that comes with the sample portfolio."""


def eur(amount: int) -> Money:
    """Whole euros."""
    return Money("EUR", amount * 100)


def at(stream: S, now: datetime) -> S:
    """The stream, deciding at that instant."""
    stream.now = stream.happened_at = now
    return stream


def stored(stream: S) -> S:
    """The stream as if what it told had been stored: what is told from here on is what the test is about."""
    stream.pending_events.clear()
    return stream


def again(stream: S, facts: list[Fact]) -> S:
    """Another stream of the same kind, folded from the facts."""
    folded = type(stream).blank(stream.id)
    for fact in facts:
        fact.mutate(folded)
    return folded


def names(stream: Stream) -> list[str]:
    """What was told, by name."""
    return [type(fact).__name__ for fact in told(stream)]


@contextmanager
def refused(rule: type[Refusal], **facts: object) -> Iterator[None]:
    """The rule refuses, and says these facts."""
    with pytest.raises(rule) as raised:
        yield
    assert type(raised.value) is rule
    assert raised.value.facts.items() >= {name: str(value) for name, value in facts.items()}.items()


# Tables ------------------------------------------------------------------------


def any_table(table: bytes) -> None:
    """A check that lets every table pass."""


def tables(*published: bytes, active: int = 1) -> SegmentTables:
    """The tenant's tables; nothing in force where `active` is 0."""
    of = at(SegmentTables.blank(segments.stream_of(THE_TENANT)), NOON)
    for table in published or (b"by bucket",):
        segments.publish(of, "A table", table, any_table)
    if active:
        segments.activate(of, active)
    return stored(of)


def by_bucket(table: bytes, inputs: Inputs) -> Match:
    """An evaluator without an engine: the segment is the bucket's, one row for each, another above 5,000.00; credits apart."""
    if inputs.balance.minor_units < 0:
        return Match("credit_balance", "credit", "we owe them")
    size = "large" if inputs.balance > eur(5_000) else "small"
    return Match(f"bucket_{inputs.bucket or 'unknown'}", f"{inputs.bucket}-{size}", f"{table.decode()} says {size}")


# Treatments --------------------------------------------------------------------


def fact_of_the_case(version: int) -> Causation:
    return Causation(THE_CASE, version)


def a_started_treatment(authority: BalanceAuthority = BalanceAuthority.OURS, zone: str = "Europe/Madrid") -> Treatment:
    of = at(Treatment.blank(treatment.stream_of(THE_CASE)), NOON)
    treatment.start(of, THE_CASE, THE_CLIENT, THE_PORTFOLIO, fact_of_the_case(1), "EUR", authority, zone)
    return stored(of)


def hear(of: Treatment, version: int, verb: Callable[..., None], *words: Any, table: SegmentTables | None = None) -> Treatment:
    """The case's fact of that version, taken in as application does."""
    origin = fact_of_the_case(version)
    treatment.take_in(of, table or tables(), origin, lambda live: verb(live, origin, *words), by_bucket)
    return of


def an_open_treatment(authority: BalanceAuthority = BalanceAuthority.OURS) -> Treatment:
    """Of a case that owes 1,000.00 and is in bucket "1"; three facts of it are heard."""
    of = hear(a_started_treatment(authority), 2, treatment.note_debt, THE_DEBT, eur(1_000))
    return stored(hear(of, 3, treatment.open_treatment, "1"))


# JDM ---------------------------------------------------------------------------


def a_table(*rows: dict[str, str], inputs: tuple[str, ...] = ("bucket", "balance_minor_units"), **settings: Any) -> dict[str, Any]:
    """A table as JSON, whose columns' ids are their fields."""
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "case", "position": {"x": 0, "y": 0.5}},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "segments",
                "position": {"x": 1, "y": 0},
                "content": {
                    "hitPolicy": "first",
                    "inputs": [{"id": field, "name": field, "field": field} for field in inputs],
                    "outputs": [{"id": field, "name": field, "field": field} for field in ("segment", "reason")],
                    "rules": list(rows) or [a_row("one", bucket='"1"'), a_row("rest")],
                    **settings,
                },
            },
            {"id": "out", "type": "outputNode", "name": "segment", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def a_row(row_id: str, segment: str = '"a_segment"', reason: str = '"because"', **cells: str) -> dict[str, str]:
    return {"_id": row_id, "segment": segment, "reason": reason, **cells}


def as_bytes(table: dict[str, Any]) -> bytes:
    return json.dumps(table).encode()
