"""Packs: published once with their vectors, put in force from an instant, tried without effect; and decisions explained long after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.contacts.domain import agreement
from services.contacts.domain.agreement import Cease
from services.contacts.domain.person import Person
from services.kernel.facts import Change
from tests.services.contacts.permits_service import PACKS, Running, codes, granted, stamp
from tests.services.contacts.policy.examples import a_pack, a_rule, document_of
from tests.services.contacts.test_permits_api import a_debtor, refused

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
SIX_MONTHS = timedelta(days=183)
VECTOR: dict[str, Any] = {
    "name": "by day",
    "given": {"zones": ["Europe/Madrid"]},
    "ask": {"at": "2026-03-03T12:00:00+01:00", "channel": "call"},
    "expect": {"verdict": "allow"},
}


def a_house(version: str = "1.0", opens: str = "09:00", **said: Any) -> dict[str, Any]:
    said.setdefault("vectors", [VECTOR])
    rule = a_rule("time_windows", "TEST.TIME", windows={"mon-sun": [f"{opens}-21:00"]}, holidays="open")
    return a_pack(rule, pack="a-house", version=version, jurisdiction={"country": "ES"}, **said)


async def in_force(permits: Running) -> dict[str, str]:
    listed = await permits.as_("auditor").ListPacks()
    return {pack.ref.pack_id: pack.ref.version for pack in listed.packs if pack.is_in_force}


async def test_our_packs_are_published_with_all_their_vectors_and_shown_as_published(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    for path in sorted(PACKS.glob("*.yaml")):
        answer = await lawyer.PublishPack(document=path.read_bytes())
        assert all(pack.vectors > 0 and not pack.failing for pack in answer.packs)
    listed = (await lawyer.ListPacks()).packs
    assert {pack.ref.pack_id for pack in listed} == {
        *("co-ley2300", "es-house", "es-house-strict", "mx-condusef", "tw-house", "us-fed-regf", "us-ma")
    }
    assert not any(pack.is_in_force for pack in listed)
    shown = await lawyer.GetPack(pack_id="co-ley2300", version="2026.11.0")
    assert b"CO.2300.CHAN" in shown.content
    assert shown.pack.ref.digest == next(pack.ref.digest for pack in listed if pack.ref.pack_id == "co-ley2300")


async def test_a_pack_whose_vectors_fail_is_refused_by_the_names_of_the_vectors(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    wrong = {**VECTOR, "name": "by night", "ask": {"at": "2026-03-03T23:00:00+01:00", "channel": "call"}}
    document = document_of(a_house(vectors=[VECTOR, wrong]))
    said = await refused(lawyer.PublishPack(document=document), "FAILED_PRECONDITION", "RULE_PACK_FAILS_ITS_VECTORS")
    assert "by night: deny instead of allow (TEST.TIME)" in said
    (checked,) = (await lawyer.ValidatePacks(document=document)).packs
    assert [(failing.name, failing.differs) for failing in checked.failing] == [("by night", "deny instead of allow (TEST.TIME)")]
    await refused(lawyer.PublishPack(document=document_of(a_house(vectors=[]))), "FAILED_PRECONDITION", "RULE_PACK_HAS_NO_VECTORS")


async def test_a_version_is_published_once(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    first = await lawyer.PublishPack(document=document_of(a_house()))
    again = await lawyer.PublishPack(document=document_of(a_house()))
    assert again.receipt.version == first.receipt.version
    await refused(lawyer.PublishPack(document=document_of(a_house(opens="10:00"))), "FAILED_PRECONDITION", "RULE_PACK_VERSION_IS_TAKEN")


async def test_a_draft_decides_only_where_somebody_has_looked_at_the_law(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    await lawyer.PublishPack(document=document_of(a_house(status="draft")))
    await refused(lawyer.ActivatePack(pack_id="a-house", version="1.0"), "FAILED_PRECONDITION", "RULE_PACK_IS_DRAFT")
    await lawyer.ActivatePack(pack_id="a-house", version="1.0", review_ref="opinion 12/2026")
    assert await in_force(permits) == {"a-house": "1.0"}
    await lawyer.PublishPack(document=document_of(a_house("2.0", status="retired")))
    await refused(lawyer.ActivatePack(pack_id="a-house", version="2.0"), "FAILED_PRECONDITION", "RULE_PACK_IS_RETIRED")
    await refused(lawyer.ActivatePack(pack_id="a-house", version="9.9"), "NOT_FOUND", "RULE_PACK_IS_UNKNOWN")


async def test_a_pack_that_stacks_on_another_waits_for_it(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    await permits.run()
    await lawyer.PublishPack(document=(PACKS / "us-ma.yaml").read_bytes())
    said = lawyer.ActivatePack(pack_id="us-ma", version="2026.11.0", review_ref="a test")
    await refused(said, "FAILED_PRECONDITION", "RULE_PACK_STANDS_ON_ANOTHER")


async def test_the_stricter_of_two_stacked_packs_stands(permits: Running) -> None:
    permits.clock.at = datetime(2026, 3, 3, 17, tzinfo=UTC)
    await permits.use("us-fed-regf", "us-ma")
    boston, new_york = await permits.a_person("America/New_York", "US", "MA"), await permits.a_person("America/New_York", "US", "NY")
    agent = permits.as_("agent")
    counts = []
    for person in (boston, new_york):
        case = await permits.a_case(person, jurisdiction="US", zone="America/New_York")
        answers = [await agent.ask(person, case) for _ in range(8)]
        counts.append(sum(map(granted, answers)))
    assert counts == [2, 7]


async def test_a_change_of_law_counts_from_its_instant_on_and_never_backwards(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    await lawyer.PublishPack(document=document_of(a_house()))
    await lawyer.PublishPack(document=document_of(a_house("2.0", opens="13:00", vectors=[{**VECTOR, "expect": {"verdict": "deny"}}])))
    await lawyer.ActivatePack(pack_id="a-house", version="1.0")
    await refused(lawyer.ActivatePack(pack_id="a-house", version="2.0", **{"from": stamp(NOON - timedelta(days=1))}), "INVALID_ARGUMENT")
    await lawyer.ActivatePack(pack_id="a-house", version="2.0", **{"from": stamp(NOON + timedelta(days=1))})
    person = await permits.a_person()
    case = await permits.a_case(person)
    assert granted(await permits.as_("agent").ask(person, case))
    permits.clock.at = NOON + timedelta(days=1)
    assert codes(await permits.as_("agent").ask(person, case)) == ["OUTSIDE_HOURS"]
    await lawyer.DeactivatePack(pack_id="a-house", reason_code="REPEALED")
    assert codes(await permits.as_("agent").ask(person, case)) == ["NO_POLICY"]


async def test_a_pack_on_trial_is_recorded_and_has_no_effect(permits: Running) -> None:
    lawyer = permits.as_("compliance")
    await lawyer.PublishPack(document=document_of(a_house()))
    await lawyer.PublishPack(
        document=document_of(a_house("2.0", opens="13:00", status="draft", vectors=[{**VECTOR, "expect": {"verdict": "deny"}}]))
    )
    await lawyer.ActivatePack(pack_id="a-house", version="1.0")
    await lawyer.ActivatePack(pack_id="a-house", version="2.0", is_shadow=True)
    person = await permits.a_person()
    answer = await permits.as_("agent").ask(person, await permits.a_case(person))
    assert granted(answer)
    (shadow,) = answer.decision.shadows
    assert (shadow.pack, [reason.code for reason in shadow.reasons]) == ("a-house@2.0", ["OUTSIDE_HOURS"])
    assert [used.version for used in answer.decision.packs if used.pack_id == "a-house"] == ["1.0"]


# Golden 18 ---------------------------------------------------------------------------------------------------------------


async def test_six_months_and_two_packs_later_the_same_bytes(permits: Running) -> None:
    person, case = await a_debtor(permits, "es-house-strict")
    agent, auditor = permits.as_("agent"), permits.as_("auditor")
    allowed = (await agent.ask(person, case)).permit_id
    denied = (await agent.ask(person, case)).permit_id
    before = [await auditor.ExplainDecision(person_id=str(person), permit_id=permit) for permit in (allowed, denied)]
    await a_life_goes_on(permits, person, case)
    after = [await auditor.ExplainDecision(person_id=str(person), permit_id=permit) for permit in (allowed, denied)]
    for then, now in zip(before, after, strict=True):
        assert then.is_reproduced
        assert now.is_reproduced
        assert now.told_hash == now.again_hash == then.told_hash
        assert now.decision == then.decision
        assert [used.version for used in now.decision.packs if used.pack_id == "es-house-strict"] == ["2026.11.0"]
    assert [(ref.pack_id, ref.version) for ref in after[0].packs_now] == [("a-house", "1.0"), ("es-house-strict", "2027.1")]
    reasons = after[1].decision.reasons
    assert [(reason.code, reason.cite) for reason in reasons] == [("COUNT_EXCEEDED", "house")]


async def a_life_goes_on(permits: Running, person: UUID, case: UUID) -> None:
    """Six months, two other packs, calls outside of permits, and a wish to be left alone."""
    permits.clock.at += SIX_MONTHS
    lawyer = permits.as_("compliance")
    await lawyer.PublishPack(document=document_of(a_house()))
    stricter = a_pack(
        a_rule("count_limit", unit="attempt", key=["person"], max=0, window={"kind": "ever"}), pack="es-house-strict", version="2027.1"
    )
    await lawyer.PublishPack(document=document_of({**stricter, "vectors": [{**VECTOR, "expect": {"verdict": "deny"}}]}))
    await lawyer.ActivatePack(pack_id="a-house", version="1.0")
    await lawyer.ActivatePack(pack_id="es-house-strict", version="2027.1")
    await permits.as_("system").report(person, case, NOON - timedelta(hours=1), is_conversation=True)
    cease = Cease(uuid4(), person, (), (), "LETTER", "letter 1", NOON - timedelta(days=1))
    await permits.run(Change(Person, person, lambda live: agreement.cease_communication(live, cease)))


# Written wrongly -----------------------------------------------------------------------------------------------------------


async def test_a_pack_that_is_written_wrongly_is_refused_by_pack_rule_and_field(permits: Running) -> None:
    said = await refused(permits.as_("compliance").PublishPack(document=document_of(a_pack(a_rule("telepathy")))), "INVALID_ARGUMENT")
    assert "rules[0].primitive" in said
    assert "a-pack/TEST.RULE" in said


async def test_nobody_else_touches_packs(permits: Running) -> None:
    await refused(permits.as_("agent").PublishPack(document=document_of(a_house())), "PERMISSION_DENIED")
