"""Blocks of output about disputes, complaints, queries to the creditor, people's circumstances, and the agents who take care of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import complaints_pb2 as complaints
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1 import workforce_pb2 as work
from acuerdo.common.v1.types_pb2 import Money
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, table_frame, word_of
from clients.cli.grievance_words import GRIEVANCE_WORDS, GrievanceWords
from clients.cli.words import Words


def disputes_block(found: disputes.ListDisputesResponse, words: Words) -> RenderableType:
    said = GRIEVANCE_WORDS[words.lang]
    if not found.disputes:
        return Text(said.no_disputes, style="dim")
    table = _table(said.dispute, said.disputed, said.answer_due, words.state)
    for each in found.disputes:
        state = said.code(disputes.DisputeState.Name(each.state), "DISPUTE_STATE_")
        if each.resolution:
            state += f": {said.code(disputes.DisputeResolution.Name(each.resolution), 'DISPUTE_RESOLUTION_')}"
        if each.upheld:
            state += f", {said.upheld} {_total(each.upheld, words)}"
        table.add_row(
            _named(each.reason_code, each.dispute_id),
            _total(each.disputed, words),
            _due(each, each.is_overdue, said),
            state,
        )
    return table


def complaints_block(found: complaints.ListComplaintsResponse, words: Words) -> RenderableType:
    said = GRIEVANCE_WORDS[words.lang]
    if not found.complaints:
        return Text(said.no_complaints, style="dim")
    table = _table(said.complaint, said.filed, said.answer_due, words.state)
    for each in found.complaints:
        is_open = each.outcome == complaints.COMPLAINT_OUTCOME_UNSPECIFIED
        state = said.code("OPEN", "") if is_open else said.code(complaints.ComplaintOutcome.Name(each.outcome), "COMPLAINT_OUTCOME_")
        if each.HasField("redress"):
            state += f", {said.redress} {money.shown(each.redress, words.lang)}"
        table.add_row(_named(each.category, each.complaint_id), day(each.filed_on), _due(each, each.is_overdue, said), state)
    return table


def queries_block(found: complaints.ListClientQueriesResponse, words: Words) -> RenderableType:
    said = GRIEVANCE_WORDS[words.lang]
    if not found.queries:
        return Text(said.no_queries, style="dim")
    table = _table(said.query, words.since, said.answer_due, words.state)
    for each in found.queries:
        state = said.code(complaints.ClientQuery.State.Name(each.state), "STATE_")
        if each.answer_code:
            state += f": {word_of(each.answer_code, '')}"
        table.add_row(_named(each.subject, each.query_id), day(each.opened_on), day(each.due), state)
    return table


def circumstances_block(found: circumstances.ListCircumstancesResponse, words: Words) -> RenderableType:
    """What is needed and when it is looked at again, for everybody; the details for those who may see them."""
    said = GRIEVANCE_WORDS[words.lang]
    if not (found.vulnerabilities or found.hardships or found.special):
        return Text(said.no_circumstances, style="dim")
    table = _table(said.circumstance, said.needs, said.review, words.state)
    for flag in found.vulnerabilities:
        category = said.code(circumstances.VulnerabilityCategory.Name(flag.category), "VULNERABILITY_CATEGORY_") if flag.category else ""
        needs = _list(said.code(circumstances.Need.Name(need), "NEED_") for need in flag.needs)
        table.add_row(_named(category, flag.flag_id, flag.details), needs, _review(flag, said), _sight(flag, said))
    for hardship in found.hardships:
        measures = _list(said.code(circumstances.HardshipMeasure.Name(one), "HARDSHIP_MEASURE_") for one in hardship.measures)
        state = said.code(circumstances.Hardship.State.Name(hardship.state), "STATE_")
        named = _named("", hardship.hardship_id, hardship.declaration)
        table.add_row(named, measures, _review(hardship, said), _sight(hardship, said, state))
    for one in found.special:
        kind = said.code(circumstances.CircumstanceKind.Name(one.kind), "CIRCUMSTANCE_KIND_") if one.kind else ""
        state = said.code(circumstances.CircumstanceStatus.Name(one.status), "CIRCUMSTANCE_STATUS_") if one.status else ""
        table.add_row(_named(kind, one.circumstance_id), NOTHING, _review(one, said), _sight(one, said, state))
    return table


def agents_block(agents: Sequence[work.Agent], words: Words) -> RenderableType:
    said = GRIEVANCE_WORDS[words.lang]
    if not agents:
        return Text(said.no_agents, style="dim")
    table = _table(said.agent, said.skills, said.languages, words.state)
    for agent in agents:
        skills = _list(f"{word_of(held.skill, '')}{f' ({said.expired})' if held.is_expired else ''}" for held in agent.skills)
        kind = said.code(work.AgentKind.Name(agent.kind), "AGENT_KIND_")
        table.add_row(_named(agent.subject, agent.agent_id), skills, ", ".join(agent.languages), kind if agent.is_active else said.inactive)
    return table


def _table(first: str, *others: str) -> Table:
    table = table_frame()
    table.add_column(first, overflow="fold", ratio=1)
    for other in others:
        table.add_column(other, overflow="fold", max_width=24)
    return table


def _named(name: str, id_: str, details: str = "") -> Text:
    """What it is, what is said of it, and its id to copy."""
    shown = Text(word_of(name, "") if name.isupper() else name, style="bold")
    for line, style in ((details, ""), (id_, "dim")):
        if line:
            shown.append(f"{chr(10) if shown.plain else ''}{line}", style=style)
    return shown


def _due(each: Any, is_overdue: bool, said: GrievanceWords) -> Text:
    return Text.assemble(day(each.answer_due), (f" {said.overdue}", "yellow") if is_overdue else "")


def _review(each: Any, said: GrievanceWords) -> Text:
    if not each.HasField("review_on"):
        return NOTHING
    return Text.assemble(day(each.review_on), (f" {said.review_is_due}", "yellow") if each.is_review_due else "")


def _sight(each: Any, said: GrievanceWords, state: str = "") -> str:
    """The state, and why the details are not shown where they are not."""
    hidden = said.withheld if each.is_withheld else said.erased if getattr(each, "is_erased", False) else ""
    return ", ".join(part for part in (state, hidden) if part) or "–"


def _list(shown: Iterable[str]) -> str:
    return ", ".join(shown) or "–"


def _total(components: Sequence[types.ComponentAmount], words: Words) -> str:
    units = sum(part.amount.minor_units for part in components)
    return money.shown(Money(currency_code=components[0].amount.currency_code, minor_units=units), words.lang)
