"""Blocks of output about who works the cases: a worklist, who was given a case and why, and an agent."""

from __future__ import annotations

from acuerdo.cases.v1 import workforce_pb2 as work
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import Words
from clients.cli.work_words import WORK_WORDS


def worklist_block(found: work.GetWorklistResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    if not found.rows:
        return Text(words.no_cases, style="dim")
    table = table_frame()
    table.add_column(words.case, overflow="fold", ratio=1)
    table.add_column(words.bucket, max_width=12)
    table.add_column(words.balance, justify="right", no_wrap=True)
    table.add_column(words.segment, max_width=14, overflow="fold")
    table.add_column(said.lease, no_wrap=True)
    table.add_column(words.state, max_width=12)
    for row in found.rows:
        table.add_row(
            Text.assemble(row.external_ref, (f"\n{row.case_id}", "dim")),
            words.bucket_name(row.bucket) if row.bucket else NOTHING,
            money.amount(row.balance, words.lang),
            row.segment or NOTHING,
            moment(row.lease_until) if row.HasField("lease_until") else said.waits,
            Text(said.stopped, style="yellow") if row.is_on_hold else NOTHING,
        )
    return table


def assigned_block(answer: work.AssignCaseResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    until = moment(answer.lease_until) if answer.HasField("lease_until") else said.open_ended
    return Group(
        Text.assemble((answer.agent_id, "bold"), f"  {said.lease} {until} UTC"), Text(f"{answer.ground.rule}: {answer.ground.says}")
    )


def agent_block(agent: work.Agent, words: Words) -> RenderableType:
    said, named = WORK_WORDS[words.lang], GRIEVANCE_WORDS[words.lang]
    facts = pairs_frame()
    state = (said.active, "green") if agent.is_active else (named.inactive, "yellow")
    facts.add_row(named.agent, Text.assemble((agent.subject, "bold"), (f"  {agent.agent_id}  ", "dim"), state))
    facts.add_row(said.kind, named.code(work.AgentKind.Name(agent.kind), "AGENT_KIND_"))
    facts.add_row(named.languages, ", ".join(agent.languages))
    facts.add_row(said.cases_max, cases_max(agent.cases_max, words))
    facts.add_row(named.skills, Text("\n").join(_skill(held, words) for held in agent.skills) or NOTHING)
    facts.add_row(said.teams, "\n".join(agent.team_ids) or NOTHING)
    return facts


def cases_max(number: int, words: Words) -> str:
    return money.count(number, words.lang) if number else WORK_WORDS[words.lang].rules_own


def _skill(held: work.Skill, words: Words) -> Text:
    text = Text(held.skill)
    if held.certificate_ref:
        text.append(f"  {held.certificate_ref}", style="dim")
    if held.HasField("expires_on"):
        text.append(f"  {WORK_WORDS[words.lang].until} {day(held.expires_on)}")
    if held.is_expired:
        text.append(f"  {GRIEVANCE_WORDS[words.lang].expired}", style="yellow")
    return text
