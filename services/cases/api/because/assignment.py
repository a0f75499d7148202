"""Why a case is in just these hands: what was asked for, the rule that chose, and until when; or why it is in nobody's."""

from __future__ import annotations

from acuerdo.cases.v1 import explain_pb2 as pb
from acuerdo.cases.v1 import workforce_pb2 as workforce

from services.cases.api.because.chain import Chain, Link
from services.cases.api.desk import Moment
from services.cases.api.why import code
from services.cases.domain.assignment import (
    Assignment,
    AssignmentDeclined,
    AssignmentGround,
    AssignmentLeaseExtended,
    AssignmentRequested,
    CaseAssigned,
    CaseUnassigned,
)
from services.cases.domain.lifecycle import Lifecycle
from services.chassis.rpc import words

HANDS = (AssignmentRequested, CaseAssigned, AssignmentLeaseExtended, CaseUnassigned, AssignmentDeclined)
RULE_SAYS = (
    "skills with a certificate that counts, language, team and room are asked for; of those who fit, who knows the person comes first,"
    " then who has least to do; who has declined is not asked again"
)


def explain(at: Moment, chain: Chain) -> pb.ExplainAssignmentResponse:
    of, holder = at.case.assignment, at.case.assignment.holder_at(at.known_at)
    happened = [link for link in chain.links if isinstance(link.fact, HANDS)]
    return pb.ExplainAssignmentResponse(
        agent_id="" if holder is None else str(holder),
        ground=wire_ground(of.ground) if holder is not None and of.ground is not None else None,
        lease_until=words.timestamp(of.lease_until) if holder is not None and of.lease_until is not None else None,
        grounds=[link.ground() for link in _that_count(happened, is_held=holder is not None)],
        rules=[pb.RuleInForce(kind="ASSIGNMENT_RULES", version=of.rule_version, says=RULE_SAYS)] if of.rule_version else [],
        sentence=_sentence(of, happened, at),
        as_known_at=words.timestamp(at.known_at),
    )


def wire_ground(of: AssignmentGround) -> workforce.AssignmentGround:
    return workforce.AssignmentGround(rule=of.rule, says=of.says, cases_of_person=of.cases_of_person, load=of.load)


def _that_count(happened: list[Link], *, is_held: bool) -> list[Link]:
    """Who has it: what was asked for last, and everything since it was given. Nobody: how it came to that, from its last assignment on."""
    given = max((place for place, link in enumerate(happened) if isinstance(link.fact, CaseAssigned)), default=0)
    asked = [link for link in happened[:given] if isinstance(link.fact, AssignmentRequested)][-1:]
    declined = [link for link in happened[:given] if isinstance(link.fact, AssignmentDeclined)] if is_held else []
    return sorted([*asked, *declined, *happened[given:]], key=lambda link: link.record.version)


def _sentence(of: Assignment, happened: list[Link], at: Moment) -> str:
    if of.holder_at(at.known_at) is not None and of.ground is not None:
        until = f"{of.lease_until:%Y-%m-%d %H:%M} UTC"
        return f"Agent {of.agent_id} has the case until {until}, by the rule {of.ground.rule} ({of.rule_version}): {of.ground.says}."
    if of.agent_id is not None:
        return f"Nobody has the case: the lease of agent {of.agent_id} ended at {of.lease_until:%Y-%m-%d %H:%M} UTC."
    if not happened:
        return "Nobody has the case, and nobody was asked for."
    waits = "it waits for somebody who fits" if of.is_requested and at.case.lifecycle is Lifecycle.OPEN else "it waits for nobody"
    last = happened[-1].fact
    if isinstance(last, CaseUnassigned):
        return f"Nobody has the case: agent {last.agent_id} gave it up ({code(last.reason.name)}); {waits}."
    if isinstance(last, AssignmentDeclined):
        return f"Nobody has the case: agent {last.agent_id} declined it ({code(last.reason_code)}); {waits}."
    return f"Nobody has the case: {waits}."
