"""Asked over gRPC: agents and teams, who gets a case and why, leases that end by themselves, and worklists that show what was just done."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1 import workforce_pb2 as pb

from tests.services.cases.service import Caller, Running, a_row, cycles_terms, on
from tests.services.cases.test_cases_api import ANA, LUIS, eventually, refused, stamp

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
LATER = date(2026, 12, 31)


async def a_portfolio(caller: Caller) -> str:
    client = await caller.RegisterClient(external_ref="bank", name="Bank")
    opened = await caller.OpenPortfolio(client_id=client.client_id, external_ref="cards", name="Cards", terms=cycles_terms())
    return str(opened.portfolio_id)


async def a_case(caller: Caller, portfolio_id: str, ref: str, person: str = ANA) -> str:
    row = a_row(1, ref, 100_000, person)
    answer = await caller.RegisterCase(
        portfolio_id=portfolio_id, external_ref=ref, product="card", parties=row.parties, debts=row.debts, value_date=on(date(2026, 1, 1))
    )
    return str(answer.case_id)


async def an_agent(caller: Caller, subject: str, *skills: str, languages: tuple[str, ...] = ("es",), **other: Any) -> str:
    usual = {"subject": subject, "kind": pb.AGENT_KIND_HUMAN, "languages": languages}
    answer = await caller.RegisterAgent(**usual | other)
    for skill in skills:
        await caller.GrantSkill(agent_id=answer.agent_id, skill=skill)
    return str(answer.agent_id)


async def assigned(caller: Caller, case_id: str, agent_id: str = "", **other: Any) -> Any:
    return await caller.AssignCase(case_id=case_id, agent_id=agent_id, **{"reason_code": "NEXT_CASE"} | other)


async def worklist(caller: Caller, receipt: Any = None, **whose: Any) -> list[Any]:
    position = receipt.position if receipt is not None else 0
    return list((await caller.GetWorklist(min_position=position, **whose)).rows)


async def told(caller: Caller, case_id: str) -> list[str]:
    names = ["AssignmentRequested", "CaseAssigned", "AssignmentLeaseExtended", "CaseUnassigned", "AssignmentDeclined"]
    return [row.type for row in (await caller.GetTimeline(case_id=case_id, types=names)).rows]


# Agents and teams --------------------------------------------------------------------------------------------------------


async def test_agents_are_registered_once_and_change_what_they_can_do(cases: Running) -> None:
    caller = cases.as_()
    team = await caller.FormTeam(external_ref="late", name="Late stage")
    other = await caller.FormTeam(external_ref="early", name="Early stage")
    maria = await an_agent(caller, "maria", "LATE_STAGE", team_ids=[team.team_id], cases_max=3)
    await caller.GrantSkill(agent_id=maria, skill="MORTGAGE", certificate_ref="LCCI-7", expires_on=on(date(2026, 1, 14)))
    await caller.ChangeAgentLanguages(agent_id=maria, languages=["es", "ca"])
    await caller.ChangeAgentCapacity(agent_id=maria, cases_max=5)
    await caller.JoinTeam(agent_id=maria, team_id=other.team_id)
    await caller.LeaveTeam(agent_id=maria, team_id=team.team_id)
    agent = (await caller.GetAgent(agent_id=maria)).agent
    assert (agent.subject, list(agent.languages), agent.cases_max, agent.is_active) == ("maria", ["es", "ca"], 5, True)
    assert [(skill.skill, skill.is_expired) for skill in agent.skills] == [("LATE_STAGE", False), ("MORTGAGE", True)]
    assert list(agent.team_ids) == [other.team_id]
    revoked = await caller.RevokeSkill(agent_id=maria, skill="MORTGAGE", reason_code="EXPIRED")
    again = await caller.RevokeSkill(agent_id=maria, skill="MORTGAGE", reason_code="EXPIRED")
    assert again.receipt.version == revoked.receipt.version
    for attempt in (
        caller.RegisterAgent(subject="maria", kind=pb.AGENT_KIND_BOT, languages=["es"]),
        caller.FormTeam(external_ref="late", name="Other"),
    ):
        with refused(grpc.StatusCode.ALREADY_EXISTS, "CLAIMED_BY_ANOTHER"):
            await attempt
    for attempt in (
        caller.JoinTeam(agent_id=maria, team_id=str(uuid4())),
        caller.RegisterAgent(subject="x", kind=pb.AGENT_KIND_BOT, languages=["es"], team_ids=[str(uuid4())]),
    ):
        with refused(grpc.StatusCode.NOT_FOUND, "TEAM_IS_UNKNOWN"):
            await attempt
    with refused(grpc.StatusCode.NOT_FOUND, "AGENT_IS_UNKNOWN"):
        await cases.as_(tenant="elsewhere").GetAgent(agent_id=maria)
    with refused(grpc.StatusCode.ABORTED, "VERSION_CONFLICT"):
        await caller.ChangeAgentCapacity(agent_id=maria, cases_max=9, etag="1")


async def test_agents_are_listed_by_team_and_skill_page_by_page(cases: Running) -> None:
    caller = cases.as_()
    team = (await caller.FormTeam(external_ref="late", name="Late stage")).team_id
    ids = [await an_agent(caller, f"agent-{number}", team_ids=[team] if number % 2 else []) for number in range(5)]
    last = await caller.GrantSkill(agent_id=ids[3], skill="MORTGAGE")
    for _ in range(2):
        listed, token = [], ""
        while True:
            page = await caller.ListAgents(page_size=2, page_token=token, min_position=last.receipt.position)
            listed += [agent.agent_id for agent in page.agents]
            token = page.next_page_token
            if not token:
                break
        assert listed == ids
        assert [agent.agent_id for agent in (await caller.ListAgents(team_id=team)).agents] == [ids[1], ids[3]]
        assert [agent.agent_id for agent in (await caller.ListAgents(skill="MORTGAGE")).agents] == [ids[3]]
        await cases.rebuild_views()


# Who gets a case -----------------------------------------------------------------------------------------------------------


async def test_the_rule_prefers_whom_the_person_knows_then_who_has_least_to_do_and_says_so(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    before, other, case = [await a_case(caller, portfolio, ref, person) for ref, person in (("1", ANA), ("2", LUIS), ("3", ANA))]
    knows, idle = await an_agent(caller, "knows"), await an_agent(caller, "idle")
    await assigned(caller, before, knows)
    await assigned(caller, other, knows)
    await cases.rebuild_views()
    answer = await assigned(caller, case)
    assert (answer.agent_id, answer.ground.rule, answer.ground.cases_of_person, answer.ground.load) == (knows, "CLOSENESS", 1, 2)
    assert answer.lease_until.ToDatetime(UTC) - answer.receipt.recorded_at.ToDatetime(UTC) <= timedelta(days=1)
    stranger = await assigned(caller, await a_case(caller, portfolio, "4", str(uuid4())))
    assert (stranger.agent_id, stranger.ground.rule, stranger.ground.load) == (idle, "LOAD", 0)
    (row,) = (await caller.GetTimeline(case_id=case, types=["CaseAssigned"])).rows
    assert row.why == "knows the person best, of 2 who fit; worked 1 cases of the person before, has 2 now"
    assert row.event.case_assigned.rule_version == "assignment-1"


@pytest.mark.parametrize(
    ("requirements", "agent", "reason"),
    [
        (pb.Requirements(skills=["MORTGAGE"]), {}, "AGENT_LACKS_SKILL"),
        (pb.Requirements(skills=["LATE_STAGE"]), {"expires": date(2026, 1, 14)}, "AGENT_LACKS_SKILL"),
        (pb.Requirements(language="ca"), {}, "AGENT_DOES_NOT_SPEAK"),
        (pb.Requirements(team_id=str(uuid4())), {}, "AGENT_IS_OF_ANOTHER_TEAM"),
        (pb.Requirements(), {"inactive": True}, "AGENT_IS_INACTIVE"),
        (pb.Requirements(), {"full": True}, "AGENT_HAS_TOO_MANY_CASES"),
    ],
)
async def test_who_does_not_fit_is_neither_chosen_by_a_person_nor_by_the_rule(
    cases: Running, requirements: pb.Requirements, agent: dict[str, Any], reason: str
) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    case, other = await a_case(caller, portfolio, "1"), await a_case(caller, portfolio, "2", LUIS)
    maria = await an_agent(caller, "maria", cases_max=1)
    if "expires" in agent:
        await caller.GrantSkill(agent_id=maria, skill="LATE_STAGE", certificate_ref="C-1", expires_on=on(agent["expires"]))
    if "inactive" in agent:
        await caller.DeactivateAgent(agent_id=maria, reason_code="ON_LEAVE")
    if "full" in agent:
        await assigned(caller, other, maria)
    before = (await cases.log.head()).position
    with refused(grpc.StatusCode.FAILED_PRECONDITION, reason):
        await assigned(caller, case, maria, requirements=requirements)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOBODY_FITS"):
        await assigned(caller, case, requirements=requirements)
    assert (await cases.log.head()).position == before


async def test_a_lease_ends_no_later_than_the_certificate_that_the_case_asks_for(cases: Running) -> None:
    caller = cases.as_()
    case = await a_case(caller, await a_portfolio(caller), "1")
    maria = await an_agent(caller, "maria", "SPANISH_LAW")
    await caller.GrantSkill(agent_id=maria, skill="MORTGAGE", certificate_ref="LCCI", expires_on=on(date(2026, 1, 20)))
    asked = pb.Requirements(skills=["MORTGAGE", "SPANISH_LAW"])
    answer = await assigned(caller, case, requirements=asked, lease_minutes=43_200)
    assert (answer.agent_id, answer.ground.rule) == (maria, "SKILL")
    # The midnight after 20 January in Madrid.
    assert answer.lease_until == stamp(datetime(2026, 1, 20, 23, tzinfo=UTC))
    extended = await caller.ExtendLease(case_id=case, lease_minutes=43_200)
    assert extended.lease_until == answer.lease_until


async def test_of_two_agents_who_take_one_case_at_once_one_gets_it(cases: Running) -> None:
    caller = cases.as_()
    case = await a_case(caller, await a_portfolio(caller), "1")
    agents = {name: await an_agent(caller, name) for name in ("maria", "jon", "ana")}
    takes = [assigned(cases.as_("agent", subject=name), case, agent_id) for name, agent_id in agents.items()]
    came = await asyncio.gather(*takes, return_exceptions=True)
    (winner,) = [answer for answer in came if not isinstance(answer, BaseException)]
    lost = [error for error in came if isinstance(error, grpc.aio.AioRpcError)]
    assert [(error.code(), "another agent" in (error.details() or "").lower()) for error in lost] == [
        (grpc.StatusCode.FAILED_PRECONDITION, True)
    ] * 2
    assert (winner.ground.rule, await told(caller, case)) == ("TOOK", ["CaseAssigned"])
    again = await assigned(caller, case, winner.agent_id)
    assert (again.receipt.version, again.lease_until) == (winner.receipt.version, winner.lease_until)


@pytest.mark.parametrize("is_chosen", [True, False], ids=["chosen", "by rule"])
async def test_nobody_gets_more_cases_than_it_may_however_many_are_given_in_one_instant(cases: Running, is_chosen: bool) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    for again in range(8):
        agents = [await an_agent(caller, f"{name} {again}", cases_max=2) for name in ("maria", "jon")]
        ids = [await a_case(caller, portfolio, f"{again}-{number}", str(uuid4())) for number in range(8)]
        gives = [assigned(caller, case, agents[number % 2] if is_chosen else "") for number, case in enumerate(ids)]
        came = await asyncio.gather(*gives, return_exceptions=True)
        given = [answer for answer in came if not isinstance(answer, BaseException)]
        assert sorted(answer.agent_id for answer in given) == sorted(agents * 2)
        refusals = {error.code() for error in came if isinstance(error, grpc.aio.AioRpcError)}
        assert refusals == {grpc.StatusCode.FAILED_PRECONDITION}
        assert sorted(answer.ground.load for answer in given) == [0, 0, 1, 1], "each has seen what was given before it"
        # Once a case is given back there is room for another.
        has, waits = (next(case for case, answer in zip(ids, came, strict=True) if (answer in given) is wanted) for wanted in (True, False))
        await caller.UnassignCase(case_id=has, reason=pb.UNASSIGN_REASON_RELEASED)
        assert (await assigned(caller, waits)).agent_id in agents
        for agent in agents:
            await caller.DeactivateAgent(agent_id=agent, reason_code="LEFT")


async def test_agents_work_their_own_cases_and_seniors_may_take_them_away(cases: Running) -> None:
    caller, as_maria, as_jon = cases.as_(), cases.as_("agent", subject="maria"), cases.as_("agent", subject="jon")
    case = await a_case(caller, await a_portfolio(caller), "1")
    maria, jon = await an_agent(caller, "maria"), await an_agent(caller, "jon")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "AGENTS_TAKE_FOR_THEMSELVES"):
        await assigned(as_jon, case, maria)
    asked = {"request_id": "take-1", "case_id": case, "agent_id": maria, "reason_code": "MINE", "lease_minutes": 60}
    first = await as_maria.AssignCase(**asked)
    for attempt in (
        as_jon.ExtendLease(case_id=case, lease_minutes=90),
        as_jon.UnassignCase(case_id=case, reason=pb.UNASSIGN_REASON_RELEASED),
        as_jon.DeclineAssignment(case_id=case, reason_code="NO"),
    ):
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "AGENTS_TAKE_FOR_THEMSELVES"):
            await attempt
    moved = await assigned(caller, case, jon)
    assert (moved.agent_id, moved.ground.rule) == (jon, "CHOSEN")
    assert await told(caller, case) == ["CaseAssigned", "CaseUnassigned", "CaseAssigned"]
    # Asked again, the first request gets its first answer, whoever has the case by now.
    assert await as_maria.AssignCase(**asked) == first
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_ANOTHERS"):
        await as_maria.AssignCase(case_id=case, agent_id=maria, reason_code="MINE")


async def test_a_case_that_was_declined_goes_to_another(cases: Running) -> None:
    caller = cases.as_()
    case = await a_case(caller, await a_portfolio(caller), "1")
    names = {await an_agent(caller, name): name for name in ("maria", "jon")}
    first = await assigned(caller, case)
    as_first = cases.as_("agent", subject=names[first.agent_id])
    declined = await as_first.DeclineAssignment(case_id=case, reason_code="KNOWS_PRIVATELY")
    assert [row.case_id for row in await worklist(caller, declined.receipt)] == [case]
    second = await assigned(caller, case)
    assert second.agent_id != first.agent_id
    await caller.DeclineAssignment(case_id=case, reason_code="TOO_MUCH")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOBODY_FITS"):
        await assigned(caller, case)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_NOT_ASSIGNED"):
        await caller.DeclineAssignment(case_id=case, reason_code="TOO_MUCH")


# Leases and worklists --------------------------------------------------------------------------------------------------------


async def test_a_lease_that_nobody_extends_ends_by_itself_and_the_case_waits_again(cases: Running) -> None:
    caller = cases.as_()
    case = await a_case(caller, await a_portfolio(caller), "1")
    team = (await caller.FormTeam(external_ref="late", name="Late stage")).team_id
    maria = await an_agent(caller, "maria", team_ids=[team])
    requested = await caller.RequestAssignment(case_id=case, requirements=pb.Requirements(team_id=team), reason_code="NEW")
    assert [(row.case_id, row.agent_id) for row in await worklist(caller, requested.receipt, team_id=team)] == [(case, "")]
    answer = await assigned(caller, case, lease_minutes=60)
    (row,) = await worklist(caller, answer.receipt, agent_id=maria)
    assert (row.case_id, row.agent_id, row.lease_until, row.balance.minor_units) == (case, maria, answer.lease_until, 100_000)
    assert await worklist(caller, team_id=team) == []
    extended = await caller.ExtendLease(case_id=case, lease_minutes=120)
    assert extended.lease_until.seconds - answer.lease_until.seconds >= 3_600
    await cases.clock.advance(NOW + timedelta(minutes=61))
    assert len(await worklist(caller, extended.receipt, agent_id=maria)) == 1
    await cases.clock.advance(NOW + timedelta(minutes=121))
    assert await worklist(caller, agent_id=maria) == []

    async def waits() -> bool:
        return [row.case_id for row in await worklist(caller, team_id=team)] == [case]

    await eventually(waits)
    assert await told(caller, case) == ["AssignmentRequested", "CaseAssigned", "AssignmentLeaseExtended", "CaseUnassigned"]
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_NOT_ASSIGNED"):
        await caller.ExtendLease(case_id=case, lease_minutes=60)
    with refused(grpc.StatusCode.NOT_FOUND, "TEAM_IS_UNKNOWN"):
        await caller.RequestAssignment(case_id=case, requirements=pb.Requirements(team_id=str(uuid4())), reason_code="NEW")


async def test_a_worklist_shows_what_was_just_done_page_by_page_and_after_it_is_built_again(cases: Running) -> None:
    caller = cases.as_()
    portfolio, maria = await a_portfolio(caller), await an_agent(caller, "maria")
    ids = [await a_case(caller, portfolio, f"ref-{number}", str(uuid4())) for number in range(5)]
    for case in ids:
        receipt = (await assigned(caller, case, maria)).receipt
        assert (await worklist(caller, receipt, agent_id=maria))[-1].case_id == case
    held = await caller.PlaceHold(
        case_id=ids[1],
        kind=holds.HOLD_KIND_COMPLAINT,
        reason_code="ASKED",
        **{"from": on(date(2026, 1, 10)), "through": on(date(2026, 1, 11))},
    )
    await caller.ExtendHold(case_id=ids[1], hold_id=held.hold_id, through=on(LATER.replace(month=2, day=1)), reason_code="ASKED")
    lifted = await caller.PlaceHold(case_id=ids[2], kind=holds.HOLD_KIND_COMPLAINT, reason_code="ASKED")
    last = await caller.LiftHold(case_id=ids[2], hold_id=lifted.hold_id, reason_code="ENOUGH")
    for _ in range(2):
        pages, token = [], ""
        while True:
            page = await caller.GetWorklist(agent_id=maria, page_size=2, page_token=token, min_position=last.receipt.position)
            pages.append([(row.case_id, row.is_on_hold) for row in page.rows])
            token = page.next_page_token
            if not token:
                break
        assert pages == [[(ids[0], False), (ids[1], True)], [(ids[2], False), (ids[3], False)], [(ids[4], False)]]
        assert await worklist(cases.as_(tenant="elsewhere"), agent_id=maria) == []
        await cases.rebuild_views()


async def test_closing_a_case_and_deactivating_its_agent_free_it(cases: Running) -> None:
    caller = cases.as_()
    portfolio, maria = await a_portfolio(caller), await an_agent(caller, "maria")
    closed, open_, mine = [await a_case(caller, portfolio, ref, str(uuid4())) for ref in ("1", "2", "3")]
    for case in (closed, open_):
        await assigned(caller, case, maria)
    await assigned(caller, mine, await an_agent(caller, "jon"))
    await caller.CloseCase(case_id=closed, outcome=types.CLOSE_OUTCOME_UNTRACEABLE, evidence_refs=["letter"])
    assert await told(caller, closed) == ["CaseAssigned", "CaseUnassigned"]
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_CLOSED"):
        await assigned(caller, closed, maria)
    asked = {"request_id": "leave-1", "agent_id": maria, "reason_code": "LEFT_THE_HOUSE"}
    answer = await caller.DeactivateAgent(**asked)
    assert await told(caller, open_) == ["CaseAssigned", "CaseUnassigned"]
    assert await told(caller, mine) == ["CaseAssigned"]
    head = await cases.log.head()
    assert [row.case_id for row in (await caller.GetWorklist(min_position=head.position)).rows] == [open_]
    assert await caller.DeactivateAgent(**asked) == answer
    await caller.ReactivateAgent(agent_id=maria)
    assert (await assigned(caller, open_, maria)).agent_id == maria


# Why -------------------------------------------------------------------------------------------------------------------------


async def test_an_assignment_is_explained_and_explained_alike_later(cases: Running) -> None:
    caller = cases.as_()
    case = await a_case(caller, await a_portfolio(caller), "1")
    nobody = await caller.ExplainAssignment(case_id=case)
    assert (nobody.agent_id, len(nobody.grounds), nobody.sentence) == ("", 0, "Nobody has the case, and nobody was asked for.")
    maria = await an_agent(caller, "maria", "MORTGAGE")
    await an_agent(caller, "jon")
    await caller.RequestAssignment(case_id=case, requirements=pb.Requirements(skills=["MORTGAGE"]), reason_code="NEW")
    given = await assigned(caller, case, lease_minutes=60)
    known_at = NOW + timedelta(minutes=30)
    await cases.clock.advance(known_at)
    answer = await caller.ExplainAssignment(case_id=case, as_known_at=stamp(known_at))
    assert (answer.agent_id, answer.ground, answer.lease_until) == (maria, given.ground, given.lease_until)
    assert [ground.type for ground in answer.grounds] == ["AssignmentRequested", "CaseAssigned"]
    assert [(rule.kind, rule.version) for rule in answer.rules] == [("ASSIGNMENT_RULES", "assignment-1")]
    assert "by the rule SKILL (assignment-1): the only one with MORTGAGE, of 1 who fit" in answer.sentence
    await cases.clock.advance(NOW + timedelta(hours=2))

    async def is_free() -> bool:
        return (await told(caller, case))[-1] == "CaseUnassigned"

    await eventually(is_free)
    later = await caller.ExplainAssignment(case_id=case)
    assert (later.agent_id, later.HasField("lease_until")) == ("", False)
    assert f"agent {maria} gave it up (lease expired); it waits for somebody who fits" in later.sentence
    ended = await caller.ExplainAssignment(case_id=case, as_known_at=stamp(NOW + timedelta(minutes=61)))
    assert ended.agent_id == ""
    assert await caller.ExplainAssignment(case_id=case, as_known_at=stamp(known_at)) == answer
