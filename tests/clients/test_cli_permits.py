"""Permits and packs on the command line: what is asked of the service, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acuerdo.contacts.v1 import decisions_pb2 as decisions
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types

from clients.cli.permit_blocks import answer_block, checked_block, explanation_block, packs_block
from clients.cli.words import WORDS
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written

PERSON, CASE, PERMIT = "019340c1-3a5e-7f0e-9d5b-0000000000a1", str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000a2"
NIGHT, MORNING = stamp(datetime(2026, 3, 3, 22, tzinfo=UTC)), stamp(datetime(2026, 3, 4, 8, tzinfo=UTC))


def a_reason(**other: Any) -> decisions.PolicyReason:
    usual: dict[str, Any] = {
        "rule_id": "ES.HOUSE.TIME",
        "code": "OUTSIDE_HOURS",
        "effect": decisions.POLICY_EFFECT_PROHIBIT,
        "cite": "house; by analogy with commercial calls 9-21, said at such length that it does not fit into any one line of a table",
        "facts": [decisions.PolicySeen(name="local_time", value="2026-03-03T23:00")],
        "clears_at": MORNING,
    }
    return decisions.PolicyReason(**usual | other)


def a_decision(**other: Any) -> decisions.ContactDecision:
    usual: dict[str, Any] = {
        "verdict": decisions.POLICY_VERDICT_DENY,
        "evaluated_at": NIGHT,
        "packs": [decisions.PolicyPackUsed(pack_id="es-house", version="2026.11.0")],
        "zones": ["Europe/Madrid"],
        "reasons": [a_reason()],
        "obligations": [decisions.PolicyObligation(code="INCLUDE_OPT_OUT")],
        "limits": [decisions.PolicyLimit(rule_id="ES.HOUSE.FREQ", used=2, limit=3)],
        "alternatives": [decisions.PolicyAlternative(channel="letter", verdict=decisions.POLICY_VERDICT_ALLOW)],
        "next_allowed_at": MORNING,
    }
    return decisions.ContactDecision(**usual | other)


def denied() -> permits.RequestPermitResponse:
    return permits.RequestPermitResponse(
        answer=permits.PERMIT_ANSWER_DENIED, permit_id=PERMIT, next_allowed_at=MORNING, decision=a_decision()
    )


@pytest.mark.parametrize(("lang", "answer", "until"), [("en", "denied", "allowed from"), ("es", "denegado", "permitido desde")])
def test_a_denial_is_read_with_its_reasons_and_when_it_ends(lang: Any, answer: str, until: str) -> None:
    text = written(answer_block(denied(), WORDS[lang]))
    for said in (answer, until, "OUTSIDE_HOURS", "2026-03-04 08:00", "ES.HOUSE.FREQ  2/3", "INCLUDE_OPT_OUT", "es-house 2026.11.0"):
        assert said in text
    assert widest(text) <= 100


def test_a_reason_that_does_not_end_by_itself_says_so() -> None:
    forever = a_decision(reasons=[a_reason(code="CEASE_ACTIVE")], needs=["end_of:cease_notice_received"])
    forever.reasons[0].ClearField("clears_at")
    text = written(answer_block(permits.RequestPermitResponse(answer=permits.PERMIT_ANSWER_DENIED, decision=forever), WORDS["en"]))
    assert "until something happens" in text
    assert "end_of:cease_notice_received" in text


def test_an_explanation_says_whether_the_bytes_are_the_same() -> None:
    explained = permits.ExplainDecisionResponse(decision=a_decision(), is_reproduced=True, told_hash=b"h" * 32, recorded_at=NIGHT)
    assert "the same bytes" in written(explanation_block(explained, WORDS["en"]))
    explained.is_reproduced = False
    assert "OTROS BYTES" in written(explanation_block(explained, WORDS["es"]))


def test_a_permit_is_asked_for_in_the_words_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RequestPermit"] = denied()
    ran = acuerdo("permit", "request", PERSON, CASE, "in-person", "--purpose", "reminder", "--wait-hours", "12", "--cli", "900")
    (asked,) = services.requests("RequestPermit")
    assert ran.exit_code == 0
    assert "OUTSIDE_HOURS" in ran.out
    assert (asked.contact.person_id, asked.contact.case_id, asked.contact.channel) == (PERSON, CASE, types.CHANNEL_IN_PERSON)
    assert (asked.contact.purpose, asked.contact.cli_type, asked.ready_to_wait.seconds) == (types.PURPOSE_REMINDER, "900", 43_200)
    assert asked.request_id
    assert acuerdo("permit", "request", PERSON, CASE, "pigeon").exit_code == 2


def test_the_next_instant_and_the_explanation_are_asked_for(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["NextAllowedAt"] = permits.NextAllowedAtResponse(next_allowed_at=MORNING, codes=["OUTSIDE_HOURS"])
    services.answers["ExplainDecision"] = permits.ExplainDecisionResponse(decision=a_decision(), is_reproduced=True)
    assert "2026-03-04 08:00" in acuerdo("permit", "next", PERSON, CASE, "call").out
    assert acuerdo("permit", "explain", PERSON, PERMIT, "--json").json["is_reproduced"]


def test_a_file_whose_vectors_fail_ends_with_a_failure(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    checked = permits.CheckedPack(ref=permits.PackRef(pack_id="es-house", version="1"), vectors=3)
    services.answers["ValidatePacks"] = permits.ValidatePacksResponse(packs=[checked])
    (started / "pack.yaml").write_text("schema: contact-policy/1")
    assert acuerdo("pack", "check", "pack.yaml").exit_code == 0
    checked.failing.add(name="by night", differs="deny instead of allow")
    services.answers["ValidatePacks"] = permits.ValidatePacksResponse(packs=[checked])
    ran = acuerdo("pack", "check", "pack.yaml")
    assert ran.exit_code == 1
    assert "by night: deny instead of allow" in ran.out
    assert acuerdo("pack", "check", "no.yaml").exit_code == 2


def test_a_pack_is_published_and_put_in_force(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["PublishPack"] = permits.PublishPackResponse()
    services.answers["ActivatePack"] = permits.ActivatePackResponse()
    services.answers["DeactivatePack"] = permits.DeactivatePackResponse()
    (started / "pack.yaml").write_text("schema: contact-policy/1")
    assert acuerdo("pack", "publish", "pack.yaml").exit_code == 0
    assert acuerdo("pack", "activate", "es-house", "1.0", "--from", "2026-03-04T08:00Z", "--review", "opinion 12").exit_code == 0
    assert acuerdo("pack", "deactivate", "es-house", "REPEALED").exit_code == 0
    assert services.requests("PublishPack")[0].document == b"schema: contact-policy/1"
    (activated,) = services.requests("ActivatePack")
    assert (getattr(activated, "from"), activated.review_ref) == (MORNING, "opinion 12")


def test_packs_are_listed_with_what_is_in_force() -> None:
    listed = permits.ListPacksResponse(
        packs=[
            permits.PublishedRulePack(ref=permits.PackRef(pack_id="es-house", version="1"), status="draft", is_in_force=True, vectors=3),
            permits.PublishedRulePack(ref=permits.PackRef(pack_id="es-house", version="2", is_shadow=True), status="draft", vectors=3),
        ]
    )
    text = written(packs_block(listed, WORDS["es"]))
    assert "en vigor" in text
    assert "en prueba" in text
    assert "nobody may be contacted" in written(packs_block(permits.ListPacksResponse(), WORDS["en"]))
    assert "FAIL" not in written(checked_block([], WORDS["en"]))
