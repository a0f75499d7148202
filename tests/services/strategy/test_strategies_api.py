"""Strategies asked for over the wire: published whole or refused with every finding, activated, and each decision explained again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import types_pb2 as case_types
from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import strategies_pb2 as pb
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1 import types_pb2 as types
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from tests.services.strategy.examples import THE_CASE
from tests.services.strategy.hearing import Hearing, attached, bucket, day, registered
from tests.services.strategy.stories import LISTEN_FIRST, LISTEN_FIRST_2, THE_DEBTOR

Bearer = Callable[..., Any]
OPENED = cases.CaseOpened(reason="RELEASED")


def publishing(document: bytes) -> pb.PublishStrategyRequest:
    return pb.PublishStrategyRequest(request_id=str(uuid4()), document=document)


def activating(version: int, **how: Any) -> pb.ActivateStrategyRequest:
    return pb.ActivateStrategyRequest(request_id=str(uuid4()), version=version, **how)


def party(role: case_types.PartyRole = case_types.PARTY_ROLE_DEBTOR) -> cases.PartyAdded:
    return cases.PartyAdded(person_id=THE_DEBTOR.bytes, role=role, liability=case_types.LIABILITY_FULL)


async def a_strategy_in_force(strategy: Any, who: Any) -> None:
    answer = await strategy.PublishStrategy(publishing(LISTEN_FIRST), metadata=who)
    await strategy.ActivateStrategy(activating(answer.version), metadata=who)


async def a_reminded_case(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_strategy_in_force(strategy, who)
    await hearing.hear((1, registered()), (2, party()), (3, attached(1_500_000)), (4, OPENED), (5, late("", "1")))


def late(from_: str, to: str) -> cases.BucketChanged:
    told = bucket(from_, to)
    told.past_due_units = int(to) if to.isdigit() else 0
    told.since.CopyFrom(day(31))
    return told


async def of(strategy: Any, who: Any) -> service.Treatment:
    answer = await strategy.GetTreatment(service.GetTreatmentRequest(case_id=str(THE_CASE)), metadata=who)
    treatment: service.Treatment = answer.treatment
    return treatment


async def decisions_of(strategy: Any, who: Any, **page: Any) -> treatments.ListDecisionsResponse:
    answer: treatments.ListDecisionsResponse = await strategy.ListDecisions(
        treatments.ListDecisionsRequest(case_id=str(THE_CASE), **page), metadata=who
    )
    return answer


@pytest.fixture
def who(bearer: Bearer) -> Any:
    return bearer("operator", "supervisor")


# Published ---------------------------------------------------------------------------------


async def test_a_strategy_is_published_once_shown_as_it_was_and_put_into_force(strategy: Any, who: Any) -> None:
    first = await strategy.PublishStrategy(publishing(LISTEN_FIRST), metadata=who)
    again = await strategy.PublishStrategy(publishing(LISTEN_FIRST), metadata=who)
    second = await strategy.PublishStrategy(publishing(LISTEN_FIRST_2), metadata=who)
    assert (first.version, again.version, second.version) == (1, 1, 2)
    await strategy.ActivateStrategy(activating(1), metadata=who)
    shown = await strategy.GetStrategy(pb.GetStrategyRequest(), metadata=who)
    assert (shown.version, shown.name, shown.document, shown.is_active, shown.latest_version) == (1, "Listen first", LISTEN_FIRST, True, 2)


async def test_every_finding_is_answered_with_its_place_and_rule(strategy: Any, who: Any) -> None:
    document = LISTEN_FIRST.replace(b", pay: link", b"").replace(b"next: remind_again", b"next: remind_tomorrow")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await strategy.PublishStrategy(publishing(document), metadata=who)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]
    request = BadRequest()
    assert Status.FromString(details).details[1].Unpack(request)
    found = {(broken.field, broken.reason) for broken in request.field_violations}
    assert {("document.steps.wait_a_week.next", "UNKNOWN_STEP"), ("document.steps.remind.message.pay", "NO_PAYMENT_METHOD")} <= found
    answer = await strategy.ValidateStrategy(pb.ValidateStrategyRequest(document=document), metadata=who)
    assert {(each.field, types.Finding.Rule.Name(each.rule).removeprefix("RULE_")) for each in answer.findings} == {
        (field.removeprefix("document."), rule) for field, rule in found
    }
    assert not (await strategy.ValidateStrategy(pb.ValidateStrategyRequest(document=LISTEN_FIRST), metadata=who)).findings


async def test_segments_that_the_table_in_force_never_says_are_found(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_strategy_in_force(strategy, who)
    document = LISTEN_FIRST.replace(b"  personal_call: remind", b"  personal_cal: remind")
    answer = await strategy.ValidateStrategy(pb.ValidateStrategyRequest(document=document), metadata=who)
    assert [(each.field, each.rule) for each in answer.findings] == [("begin.personal_cal", types.Finding.RULE_UNKNOWN_SEGMENT)]


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"migration": types.MIGRATION_RESTART, "jumps": [types.Jump(from_step="remind", to_step="remind")]}, "jumps"),
        ({"migration": types.MIGRATION_JUMP, "jumps": [types.Jump(from_step="remind", to_step="nowhere")]}, "jumps[0].to_step"),
        (
            {
                "migration": types.MIGRATION_JUMP,
                "jumps": [types.Jump(from_step="remind", to_step="call"), types.Jump(from_step="remind", to_step="rest")],
            },
            "jumps",
        ),
    ],
)
async def test_a_migration_that_leads_nowhere_is_refused(strategy: Any, who: Any, how: Any, field: str) -> None:
    for document in (LISTEN_FIRST, LISTEN_FIRST_2):
        await strategy.PublishStrategy(publishing(document), metadata=who)
    await strategy.ActivateStrategy(activating(1), metadata=who)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await strategy.ActivateStrategy(activating(2, **how), metadata=who)
    assert (refused.value.code(), field in (refused.value.details() or "")) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_every_step_must_be_led_on_when_cases_jump(strategy: Any, who: Any) -> None:
    """Back from the second version to the first: two of its steps are not there."""
    for document in (LISTEN_FIRST, LISTEN_FIRST_2):
        await strategy.PublishStrategy(publishing(document), metadata=who)
    await strategy.ActivateStrategy(activating(2), metadata=who)
    with pytest.raises(grpc.aio.AioRpcError):
        await strategy.ActivateStrategy(activating(1, migration=types.MIGRATION_JUMP), metadata=who)
    jumps = [types.Jump(from_step="remind_then_call", to_step="remind"), types.Jump(from_step="wait_before_call", to_step="wait_a_week")]
    await strategy.ActivateStrategy(activating(1, migration=types.MIGRATION_JUMP, jumps=jumps), metadata=who)


# Treated ------------------------------------------------------------------------------------


async def test_a_case_that_falls_behind_is_asked_about_and_says_what_it_waits_for(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_reminded_case(strategy, hearing, who)
    position = (await of(strategy, who)).position
    assert (position.step, position.kind, position.strategy_version) == ("remind", types.STEP_KIND_MESSAGE, 1)
    assert (position.waits_for, bool(position.request_id)) == ("ANSWER", True)


async def test_a_decision_is_explained_again_the_same_after_everything_has_changed(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_reminded_case(strategy, hearing, who)
    listed = await decisions_of(strategy, who)
    asked = listed.decisions[-1]
    assert (asked.occasion, asked.chosen, asked.step) == ("ask", "ask", "remind")
    assert {each.name: each.value for each in asked.inputs}["past_due_units"] == "1"
    asking = treatments.ExplainDecisionRequest(case_id=str(THE_CASE), decision_id=asked.decision_id)
    first = await strategy.ExplainDecision(asking, metadata=who)
    await hearing.hear((6, late("1", "4+")), (7, attached(900_000_000, UUID(int=9))))
    await strategy.PublishStrategy(publishing(LISTEN_FIRST_2), metadata=who)
    await strategy.ActivateStrategy(activating(2, migration=types.MIGRATION_RESTART), metadata=who)
    second = await strategy.ExplainDecision(asking, metadata=who)
    assert first.is_reproduced
    assert second.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)


async def test_decisions_are_listed_page_by_page(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_reminded_case(strategy, hearing, who)
    whole = (await decisions_of(strategy, who)).decisions
    pages, token = [], ""
    while not pages or token:
        page = await decisions_of(strategy, who, page_size=1, page_token=token)
        pages.extend(page.decisions)
        token = page.next_page_token
    assert len(whole) > 1
    assert [each.decision_id for each in pages] == [each.decision_id for each in whole]


async def test_an_unknown_decision_is_not_found(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_reminded_case(strategy, hearing, who)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await strategy.ExplainDecision(treatments.ExplainDecisionRequest(case_id=str(THE_CASE), decision_id=str(UUID(int=5))), metadata=who)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_another_clients_case_is_no_case(strategy: Any, hearing: Hearing, who: Any, bearer: Bearer) -> None:
    await a_reminded_case(strategy, hearing, who)
    for ask in (
        strategy.ListDecisions(treatments.ListDecisionsRequest(case_id=str(UUID(int=99))), metadata=who),
        strategy.PauseAutomation(
            treatments.PauseAutomationRequest(request_id="p", case_id=str(UUID(int=99)), reason_code="ME"), metadata=who
        ),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


# Stopped ------------------------------------------------------------------------------------


async def test_a_hold_is_heeded_with_what_it_stopped_and_a_lifted_one_lets_go(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_strategy_in_force(strategy, who)
    placed = cases.HoldPlaced(hold_id=UUID(int=51).bytes, kind=holds.HOLD_KIND_LEGAL, scopes=[holds.HOLD_SCOPE_TREATMENT])
    getattr(placed, "from").CopyFrom(day(1))
    await hearing.hear((1, registered()), (2, party()), (3, attached(1_500_000)), (4, OPENED), (5, placed), (6, late("", "1")))
    position = (await of(strategy, who)).position
    assert (position.step, position.waits_for, position.request_id) == ("remind", "HOLD", "")
    lifted = cases.HoldLifted(hold_id=UUID(int=51).bytes, effective_on=day(2), reason_code="DONE")
    await hearing.hear((7, lifted))
    assert (await of(strategy, who)).position.waits_for == "ANSWER"


async def test_people_take_a_case_over_and_hand_it_back(strategy: Any, hearing: Hearing, who: Any, bearer: Bearer) -> None:
    await a_reminded_case(strategy, hearing, who)
    agent = bearer("agent")
    pausing = treatments.PauseAutomationRequest(request_id=str(uuid4()), case_id=str(THE_CASE), reason_code="TALKING")
    first = await strategy.PauseAutomation(pausing, metadata=agent)
    assert (await strategy.PauseAutomation(pausing, metadata=agent)).receipt == first.receipt
    assert (await of(strategy, who)).is_paused
    resuming = treatments.ResumeAutomationRequest(request_id=str(uuid4()), case_id=str(THE_CASE), reason_code="DONE")
    await strategy.ResumeAutomation(resuming, metadata=agent)
    assert not (await of(strategy, who)).is_paused


async def test_a_supervisor_puts_a_case_to_another_step(strategy: Any, hearing: Hearing, who: Any) -> None:
    await a_reminded_case(strategy, hearing, who)

    def overriding(step: str) -> treatments.OverrideTreatmentRequest:
        return treatments.OverrideTreatmentRequest(request_id=str(uuid4()), case_id=str(THE_CASE), step=step, reason_code="ASKED_FOR")

    await strategy.OverrideTreatment(overriding("call"), metadata=who)
    assert (await of(strategy, who)).position.step == "call"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await strategy.OverrideTreatment(overriding("nowhere"), metadata=who)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_of_history_nothing_is_asked(strategy: Any, hearing: Hearing, who: Any) -> None:
    """Deployed later: what is from before is noted, and the first fact after it is decided on from the present state."""
    await a_strategy_in_force(strategy, who)
    await hearing.hear((1, registered()), (2, party()), (3, attached(1_500_000)), (4, OPENED), (5, late("", "1")), is_history=True)
    assert not (await of(strategy, who)).HasField("position")
    assert (await of(strategy, who)).segment == "friendly_reminder"
    await hearing.hear((6, party(case_types.PARTY_ROLE_GUARANTOR)))
    assert (await of(strategy, who)).position.step == "remind"
