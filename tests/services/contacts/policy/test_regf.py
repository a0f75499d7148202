"""Regulation F: every worked example of its supplement, kept here and, where it is there, in the shared file, is answered as it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.contacts.domain.policy.terms import Effect, Verdict
from tests.services.contacts.policy import regf

PACK = regf.the_pack()
FILES = [path for path in (regf.KEPT, regf.SHARED) if path.exists()]
PROBES = [(path, *probe) for path in FILES for probe in regf.probes(path)]
COUNTED = [
    (path, example, debt, count)
    for path in FILES
    for example in regf.examples(path)
    for debt, count in ((example.get("expected") or {}).get("counted_calls") or {}).items()
]
VERDICTS = [
    (path, example)
    for path in FILES
    for example in regf.examples(path)
    if example.get("kind") == "call_frequency"
    and (example.get("expected") or {}).get("verdict") in ("presumed_compliant", "presumed_violation")
]


@pytest.mark.parametrize(("path", "name", "example", "probe"), PROBES, ids=[f"{p.parent.parent.name}-{n}" for p, n, _, _ in PROBES])
def test_a_probe_is_answered_as_the_supplement_says(path: Path, name: str, example: dict[str, Any], probe: dict[str, Any]) -> None:
    for decision in regf.answers(PACK, example, probe):
        allowed = decision.verdict is not Verdict.DENY
        assert allowed == (probe["expected"] == "allow"), [(reason.rule_id, reason.facts) for reason in decision.reasons]
        if "rule" in probe and not allowed:
            assert any(str(probe["rule"]) in reason.cite for reason in decision.reasons), [reason.cite for reason in decision.reasons]
        if "next_allowed_at" in probe:
            assert decision.next_allowed_at == regf.instant(probe["next_allowed_at"])
        if "next_allowed_date" in probe:
            assert decision.next_allowed_at is not None
            assert decision.next_allowed_at.astimezone(ZoneInfo("America/New_York")).date() == date.fromisoformat(
                str(probe["next_allowed_date"])
            )


@pytest.mark.parametrize(
    ("path", "example", "debt", "count"), COUNTED, ids=[f"{p.parent.parent.name}-{e['id']}-{d}" for p, e, d, _ in COUNTED]
)
def test_calls_are_counted_as_the_supplement_counts_them(path: Path, example: dict[str, Any], debt: str, count: int) -> None:
    assert regf.counted_calls(PACK, example, debt) == count


@pytest.mark.parametrize(("path", "example"), VERDICTS, ids=[f"{p.parent.parent.name}-{e['id']}" for p, e in VERDICTS])
def test_a_history_is_presumed_to_comply_exactly_where_each_of_its_calls_would_have_been_permitted(
    path: Path, example: dict[str, Any]
) -> None:
    """Each outbound call of the history is put to the pack as it stood just before it."""
    events = example["events"]
    refused = []
    for place, event in enumerate(events):
        if event["type"] != "call_out" or event.get("connected") is False:
            continue
        before = {**example, "events": events[:place]}
        probe = {
            "at": event["t"],
            "action": "call_out",
            "debts": event.get("call_debts") or event.get("debts"),
            "to": event.get("to", "consumer"),
        }
        (decision,) = regf.answers(PACK, before, probe)
        if any(reason.effect is Effect.PRESUME_VIOLATION for reason in decision.reasons):
            refused.append(event["t"])
    assert bool(refused) == (example["expected"]["verdict"] == "presumed_violation"), refused


def test_there_is_something_to_probe() -> None:
    assert len(regf.probes(regf.KEPT)) >= 25
