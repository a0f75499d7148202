"""Regulation F's call examples through the API: contacts reported, consents recorded, and each probe asked for as a permit."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from acuerdo.contacts.v1 import decisions_pb2

from services.contacts.domain import agreement
from services.contacts.domain.agreement import Consent, ConsentKind
from services.contacts.domain.person import Person
from services.kernel.facts import Change
from tests.services.contacts.permits_service import Caller, Running, stamp, wanted
from tests.services.contacts.policy import regf

PATH = regf.SHARED if regf.SHARED.exists() else regf.KEPT
TOLD = {"call_out", "call_in", "email_out", "email_in", "sms_out", "sms_in", "consent_calls"}
"""Events that are told through the API here: calls, messages, and consent to more calls."""


def is_of_calls(example: dict[str, Any]) -> bool:
    """All that happens, and all that is asked, is of calls to the consumer, and no event needs words that people's API has not yet."""
    kinds = {event["type"] for event in example.get("events") or []}
    asked = {probe["action"] for probe in example.get("probes") or []}
    return (
        bool(asked)
        and kinds <= TOLD
        and asked == {"call_out"}
        and all("scope" not in event or not event["scope"] for event in example["events"])
    )


EXAMPLES = [example for example in regf.examples(PATH) if is_of_calls(example)]


async def tell(permits: Running, caller: Caller, person: UUID, case: UUID, event: dict[str, Any]) -> None:
    permits.clock.at = regf.instant(event["t"])
    if event["type"] == "consent_calls":
        consent = Consent(uuid4(), person, ConsentKind.FREQUENCY, (), (), (), (), (), "MESSAGE", False, "said", permits.clock.at)
        await permits.run(Change(Person, person, lambda live: agreement.give_consent(live, consent)))
        return
    channel, _, direction = event["type"].rpartition("_")
    await caller.report(
        person,
        case,
        permits.clock.at,
        channel.upper(),
        direction.upper(),
        is_not_connected=not event.get("connected", True),
        is_conversation=bool(event.get("conversation")),
        debt_ids=[str(regf.the_id(debt)) for debt in event.get("call_debts") or event.get("debts") or ()],
        conversation_debt_ids=[str(regf.the_id(debt)) for debt in event.get("conversation_debts") or ()],
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
async def test_a_call_is_permitted_as_the_supplement_says(permits: Running, example: dict[str, Any]) -> None:
    first = min(regf.instant(event["t"]) for event in example["events"])
    permits.clock.at = first - timedelta(days=1)
    await permits.use("us-fed-regf")
    person = await permits.a_person("America/New_York", "US", "NY")
    case = await permits.a_case(person, jurisdiction="US", zone="America/New_York")
    caller = permits.as_("supervisor")
    steps = [(regf.instant(event["t"]), 0, event) for event in example["events"]]
    steps += [(regf.instant(probe["at"]), 1, probe) for probe in example["probes"]]
    for at, is_probe, step in sorted(steps, key=lambda step: step[:2]):
        if not is_probe:
            await tell(permits, caller, person, case, step)
            continue
        permits.clock.at = at
        contact = wanted(person, case, debt_ids=[str(regf.the_id(debt)) for debt in step.get("debts") or ()])
        decision = (await caller.CanContact(contact=contact, at=stamp(at))).decision
        reasons = [(reason.code, reason.cite) for reason in decision.reasons]
        assert (decision.verdict != decisions_pb2.POLICY_VERDICT_DENY) == (step["expected"] == "allow"), (step, reasons)
        if "rule" in step:
            assert any(step["rule"] in cite for _, cite in reasons)
        if "next_allowed_date" in step:
            there = decision.next_allowed_at.ToDatetime(regf.UTC).astimezone(ZoneInfo("America/New_York")).date()
            assert there == date.fromisoformat(str(step["next_allowed_date"]))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
    assert Path(PATH).exists()
