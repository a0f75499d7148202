"""The sample table puts every case into one of six segments, at every edge where we mean it to, and always the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.money import Money
from services.strategy.adapters import segment_table
from services.strategy.domain.segments import Inputs

ROOT = Path(__file__).resolve().parents[4]
TABLE = (ROOT / "data" / "segments.json").read_bytes()
A_CLIENT = UUID(int=1)
MODEST, HIGH, MOST = 2_000_000, 10_000_000, 10**15
BUCKETS = ("", "current", "1", "2", "3", "4+")

GOLDEN = [
    # bucket, balance in minor units, segment, row
    ("current", -MOST, "credit_balance", "credit"),
    ("4+", -1, "credit_balance", "credit"),
    ("", -1, "credit_balance", "credit"),
    ("4+", 0, "no_action", "nothing-owed"),
    ("", 0, "no_action", "nothing-owed"),
    ("current", 1, "no_action", "on-time"),
    ("current", MOST, "no_action", "on-time"),
    ("1", 1, "friendly_reminder", "one-cycle-small"),
    ("1", MODEST, "friendly_reminder", "one-cycle-small"),
    ("1", MODEST + 1, "personal_call", "one-cycle-large"),
    ("1", MOST, "personal_call", "one-cycle-large"),
    ("2", 1, "personal_call", "two-cycles-small"),
    ("2", HIGH, "personal_call", "two-cycles-small"),
    ("2", HIGH + 1, "affordability_review", "two-cycles-large"),
    ("3", 1, "affordability_review", "three-cycles-small"),
    ("3", HIGH, "affordability_review", "three-cycles-small"),
    ("3", HIGH + 1, "specialist_care", "long-overdue"),
    ("4+", 1, "specialist_care", "long-overdue"),
    ("4+", MOST, "specialist_care", "long-overdue"),
    ("", 1, "no_action", "not-known-yet"),
    ("31-60", MOST, "no_action", "not-known-yet"),
]
SEGMENTS = {"credit_balance", "no_action", "friendly_reminder", "personal_call", "affordability_review", "specialist_care"}
ROWS = next(node for node in json.loads(TABLE)["nodes"] if node["type"] == "decisionTableNode")["content"]["rules"]


def inputs(bucket: str, minor_units: int, currency_code: str = "TWD") -> Inputs:
    return Inputs(bucket, Money(currency_code, minor_units), A_CLIENT)


def test_the_sample_may_be_published() -> None:
    segment_table.check(TABLE)


@pytest.mark.parametrize(("bucket", "minor_units", "segment", "row_id"), GOLDEN)
def test_each_edge_falls_on_the_side_we_mean(bucket: str, minor_units: int, segment: str, row_id: str) -> None:
    match = segment_table.evaluate(TABLE, inputs(bucket, minor_units))
    assert (match.segment, match.row_id) == (segment, row_id)


def test_the_edges_reach_every_row_and_each_says_why_in_a_sentence() -> None:
    matches = [segment_table.evaluate(TABLE, inputs(bucket, minor_units)) for bucket, minor_units, _, _ in GOLDEN]
    assert {match.row_id for match in matches} == {row["_id"] for row in ROWS}
    assert len({match.reason for match in matches}) == len(ROWS)
    assert all(match.reason.endswith(".") and len(match.reason) <= 200 for match in matches)


def test_few_segments_and_none_of_them_threatens() -> None:
    assert {json.loads(row["segment"]) for row in ROWS} == SEGMENTS
    said = TABLE.decode().lower()
    assert not [word for word in ("legal", "court", "threat", "pressure", "urgent", "demand", "last chance", "warn") if word in said]


balances = st.integers(-MOST, MOST) | st.integers(-10, 2 * HIGH) | st.sampled_from([0, MODEST, MODEST + 1, HIGH, HIGH + 1])


@given(st.sampled_from(BUCKETS) | st.text(max_size=40), balances)
def test_any_case_is_in_exactly_one_segment_the_one_we_would_choose(bucket: str, minor_units: int) -> None:
    first, again = (segment_table.evaluate(TABLE, inputs(bucket, minor_units)) for _ in range(2))
    assert first == again
    assert first.segment == chosen_by_hand(bucket, minor_units)
    assert first.segment in SEGMENTS


def chosen_by_hand(bucket: str, minor_units: int) -> str:
    """The table again, as a person would say it, apart from any engine."""
    if minor_units <= 0:
        return "credit_balance" if minor_units < 0 else "no_action"
    return {
        "1": "friendly_reminder" if minor_units <= MODEST else "personal_call",
        "2": "personal_call" if minor_units <= HIGH else "affordability_review",
        "3": "affordability_review" if minor_units <= HIGH else "specialist_care",
        "4+": "specialist_care",
    }.get(bucket, "no_action")


def test_whose_case_it_is_and_in_which_currency_makes_no_difference() -> None:
    ours = segment_table.evaluate(TABLE, inputs("2", HIGH))
    theirs = segment_table.evaluate(TABLE, Inputs("2", Money("EUR", HIGH), UUID(int=2)))
    assert ours == theirs


def test_another_process_says_the_same() -> None:
    """Nothing of the answer is left over from what this process has asked before."""
    code = (
        "import json, sys; from uuid import UUID; from services.kernel.money import Money;"
        "from services.strategy.adapters.segment_table import evaluate; from services.strategy.domain.segments import Inputs;"
        "table = sys.stdin.buffer.read();"
        "ask = lambda b, m: evaluate(table, Inputs(b, Money('TWD', m), UUID(int=1)));"
        "print(json.dumps([[a.segment, a.row_id, a.reason] for a in (ask(b, m) for b, m in json.loads(sys.argv[1]))]))"
    )
    asked = [[bucket, minor_units] for bucket, minor_units, _, _ in reversed(GOLDEN)]
    elsewhere = subprocess.run(
        [sys.executable, "-c", code, json.dumps(asked)], input=TABLE, capture_output=True, check=True, cwd=ROOT, timeout=60
    )
    here = [segment_table.evaluate(TABLE, inputs(bucket, minor_units)) for bucket, minor_units, _, _ in reversed(GOLDEN)]
    assert json.loads(elsewhere.stdout) == [[match.segment, match.row_id, match.reason] for match in here]
