"""Writing who works the cases: agents, whose hands a case is in, whom its people know, and which holds stop the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import workforce_pb2 as workforce
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from psycopg import AsyncConnection

from services.cases.views.statements import run
from services.chassis.heard import Heard

STOPS_WORK = frozenset({holds.HOLD_SCOPE_CONTACT, holds.HOLD_SCOPE_TREATMENT})


@dataclass(frozen=True, slots=True)
class _Hands:
    """A row of case_hands."""

    since: int = 0
    agent_id: UUID | None = None
    lease_until: datetime | None = None
    team_id: UUID | None = None
    is_waiting: bool = False


@dataclass(slots=True)
class _Notes:
    """What the facts of one batch come to. What changes a row, and does not make it, is a function of the row."""

    registered: list[tuple[Any, ...]] = field(default_factory=list)
    active: dict[UUID, bool] = field(default_factory=dict)
    languages: dict[UUID, list[str]] = field(default_factory=dict)
    given: dict[UUID, int] = field(default_factory=dict)
    skills: dict[tuple[UUID, str], tuple[str, date | None] | None] = field(default_factory=dict)
    teams: dict[tuple[UUID, UUID], str | None] = field(default_factory=dict)
    hands: dict[UUID, list[Callable[[_Hands], _Hands]]] = field(default_factory=dict)
    tenants: dict[UUID, str] = field(default_factory=dict)
    workers: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    placed: dict[tuple[UUID, UUID], tuple[str, date]] = field(default_factory=dict)
    last_days: dict[tuple[UUID, UUID], date | None] = field(default_factory=dict)

    def change(self, heard: Heard[Any], change: Callable[[_Hands], _Hands]) -> None:
        self.hands.setdefault(heard.stream_id, []).append(change)
        self.tenants[heard.stream_id] = heard.tenant_id


# Agents ----------------------------------------------------------------------------------------------------------------


def _registered(notes: _Notes, heard: Heard[told.AgentRegistered]) -> None:
    notes.registered.append((heard.stream_id, heard.tenant_id, heard.position))
    notes.active[heard.stream_id] = True
    notes.languages[heard.stream_id] = list(heard.fact.languages)
    for team_id in heard.fact.team_ids:
        notes.teams[heard.stream_id, UUID(bytes=team_id)] = heard.tenant_id


def _granted(notes: _Notes, heard: Heard[told.AgentSkillGranted]) -> None:
    expires_on = _day(heard.fact.expires_on) if heard.fact.HasField("expires_on") else None
    notes.skills[heard.stream_id, heard.fact.skill] = (heard.tenant_id, expires_on)


def _revoked(notes: _Notes, heard: Heard[told.AgentSkillRevoked]) -> None:
    notes.skills[heard.stream_id, heard.fact.skill] = None


def _speaks(notes: _Notes, heard: Heard[told.AgentLanguagesChanged]) -> None:
    notes.languages[heard.stream_id] = list(heard.fact.languages)


def _joined(notes: _Notes, heard: Heard[told.AgentJoinedTeam]) -> None:
    notes.teams[heard.stream_id, UUID(bytes=heard.fact.team_id)] = heard.tenant_id


def _left(notes: _Notes, heard: Heard[told.AgentLeftTeam]) -> None:
    notes.teams[heard.stream_id, UUID(bytes=heard.fact.team_id)] = None


def _deactivated(notes: _Notes, heard: Heard[told.AgentDeactivated]) -> None:
    notes.active[heard.stream_id] = False


def _reactivated(notes: _Notes, heard: Heard[told.AgentReactivated]) -> None:
    notes.active[heard.stream_id] = True


def _given(notes: _Notes, heard: Heard[told.AgentGivenCase]) -> None:
    notes.given[heard.stream_id] = heard.meta.version


# Hands -----------------------------------------------------------------------------------------------------------------


def _requested(notes: _Notes, heard: Heard[told.AssignmentRequested]) -> None:
    team_id = UUID(bytes=heard.fact.team_id) if heard.fact.team_id else None
    notes.change(heard, lambda row: replace(row, since=heard.position, team_id=team_id, is_waiting=True))


def _assigned(notes: _Notes, heard: Heard[told.CaseAssigned]) -> None:
    fact, agent_id = heard.fact, UUID(bytes=heard.fact.agent_id)
    team_id = UUID(bytes=fact.team_id) if fact.team_id else None
    until = fact.lease_until.ToDatetime(heard.recorded_at.tzinfo)
    notes.change(heard, lambda row: _Hands(heard.position, agent_id, until, team_id))
    notes.workers[heard.stream_id, agent_id] = heard.tenant_id


def _extended(notes: _Notes, heard: Heard[told.AssignmentLeaseExtended]) -> None:
    until = heard.fact.lease_until.ToDatetime(heard.recorded_at.tzinfo)
    notes.change(heard, lambda row: replace(row, lease_until=until))


def _unassigned(notes: _Notes, heard: Heard[told.CaseUnassigned]) -> None:
    waits = heard.fact.reason != workforce.UNASSIGN_REASON_CASE_CLOSED
    notes.change(heard, lambda row: _Hands(heard.position, None, None, row.team_id, waits))


def _declined(notes: _Notes, heard: Heard[told.AssignmentDeclined]) -> None:
    notes.change(heard, lambda row: _Hands(heard.position, None, None, row.team_id, True))


# Holds -----------------------------------------------------------------------------------------------------------------


def _held(notes: _Notes, heard: Heard[told.HoldPlaced]) -> None:
    fact, key = heard.fact, (heard.stream_id, UUID(bytes=heard.fact.hold_id))
    if STOPS_WORK & set(fact.scopes) and not fact.debt_id:
        notes.placed[key] = (heard.tenant_id, _day(getattr(fact, "from")))
        notes.last_days[key] = _day(fact.through) if fact.HasField("through") else None


def _held_longer(notes: _Notes, heard: Heard[told.HoldExtended]) -> None:
    through = _day(heard.fact.through) if heard.fact.HasField("through") else None
    notes.last_days[heard.stream_id, UUID(bytes=heard.fact.hold_id)] = through


def _lifted(notes: _Notes, heard: Heard[told.HoldLifted]) -> None:
    notes.last_days[heard.stream_id, UUID(bytes=heard.fact.hold_id)] = _day(heard.fact.effective_on) - timedelta(days=1)


def _day(wire: Date) -> date:
    return date(wire.year, wire.month, wire.day)


# One statement for each table ------------------------------------------------------------------------------------------


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    """Facts in log order, inside the transaction that moves the view's position."""
    notes = _Notes()
    for heard in facts:
        noting = NOTES.get(type(heard.fact))
        if noting is not None:
            noting(notes, heard)
    for statement, kinds, rows in (
        (INSERT_AGENTS, "uuid text bigint", notes.registered),
        (UPDATE_ACTIVE, "uuid bool", list(notes.active.items())),
        (UPDATE_GIVEN, "uuid int", list(notes.given.items())),
        (DELETE_SKILLS, "uuid text", [key for key, granted in notes.skills.items() if granted is None]),
        (UPSERT_SKILLS, "uuid text text date", [(*key, *granted) for key, granted in notes.skills.items() if granted is not None]),
        (DELETE_TEAMS, "uuid uuid", [key for key, tenant in notes.teams.items() if tenant is None]),
        (UPSERT_TEAMS, "uuid uuid text", [(*key, tenant) for key, tenant in notes.teams.items() if tenant is not None]),
        (INSERT_WORKERS, "uuid uuid text", [(*key, tenant) for key, tenant in notes.workers.items()]),
        (INSERT_HOLDS, "uuid uuid text date", [(*key, *placed) for key, placed in notes.placed.items()]),
        (UPDATE_HOLDS, "uuid uuid date", [(*key, last_day) for key, last_day in notes.last_days.items()]),
    ):
        await run(connection, statement, kinds, rows)
    for agent_id, languages in notes.languages.items():
        # Lists of different lengths do not travel as one array; agents are few.
        await connection.execute("UPDATE cases.agents SET languages = %s WHERE agent_id = %s", (languages, agent_id))
    await _write_hands(connection, notes)


async def _write_hands(connection: AsyncConnection[Any], notes: _Notes) -> None:
    """The rows of the cases that changed are read, changed, and written again."""
    if not notes.hands:
        return
    found = await connection.execute(
        "SELECT case_id, since, agent_id, lease_until, team_id, is_waiting FROM cases.case_hands WHERE case_id = ANY (%s)",
        (list(notes.hands),),
    )
    rows = {case_id: _Hands(*row) for case_id, *row in await found.fetchall()}
    loads: Counter[UUID] = Counter()
    for case_id, changes in notes.hands.items():
        before = rows.get(case_id, _Hands())
        for change in changes:
            rows[case_id] = change(rows.get(case_id, _Hands()))
        for agent_id, more in ((before.agent_id, -1), (rows[case_id].agent_id, 1)):
            if agent_id is not None:
                loads[agent_id] += more
    columns = [
        (case_id, notes.tenants[case_id], row.since, row.agent_id, row.lease_until, row.team_id, row.is_waiting)
        for case_id, row in rows.items()
    ]
    await run(connection, UPSERT_HANDS, "uuid text bigint uuid timestamptz uuid bool", columns)
    await run(connection, UPDATE_LOADS, "uuid int", [(agent_id, more) for agent_id, more in loads.items() if more])


INSERT_AGENTS = """
INSERT INTO cases.agents (agent_id, tenant_id, registered_at, is_active, languages) SELECT r.*, true, '{}'::text[] FROM {rows} r"""
UPDATE_ACTIVE = """
UPDATE cases.agents a SET is_active = r.is_active FROM {rows} r (agent_id, is_active) WHERE a.agent_id = r.agent_id"""
UPDATE_GIVEN = "UPDATE cases.agents a SET given_at = r.version FROM {rows} r (agent_id, version) WHERE a.agent_id = r.agent_id"
UPDATE_LOADS = "UPDATE cases.agents a SET cases = a.cases + r.more FROM {rows} r (agent_id, more) WHERE a.agent_id = r.agent_id"
DELETE_SKILLS = """
DELETE FROM cases.agent_skills s USING {rows} r (agent_id, skill) WHERE (s.agent_id, s.skill) = (r.agent_id, r.skill)"""
UPSERT_SKILLS = """
INSERT INTO cases.agent_skills (agent_id, skill, tenant_id, expires_on) SELECT * FROM {rows}
ON CONFLICT (agent_id, skill) DO UPDATE SET expires_on = EXCLUDED.expires_on"""
DELETE_TEAMS = """
DELETE FROM cases.agent_teams t USING {rows} r (agent_id, team_id) WHERE (t.agent_id, t.team_id) = (r.agent_id, r.team_id)"""
UPSERT_TEAMS = """
INSERT INTO cases.agent_teams (agent_id, team_id, tenant_id) SELECT * FROM {rows} ON CONFLICT DO NOTHING"""
INSERT_WORKERS = "INSERT INTO cases.case_workers (case_id, agent_id, tenant_id) SELECT * FROM {rows} ON CONFLICT DO NOTHING"
INSERT_HOLDS = "INSERT INTO cases.case_holds (case_id, hold_id, tenant_id, from_day) SELECT * FROM {rows}"
UPDATE_HOLDS = """
UPDATE cases.case_holds h SET last_day = r.last_day FROM {rows} r (case_id, hold_id, last_day)
WHERE (h.case_id, h.hold_id) = (r.case_id, r.hold_id)"""
UPSERT_HANDS = """
INSERT INTO cases.case_hands (case_id, tenant_id, since, agent_id, lease_until, team_id, is_waiting) SELECT * FROM {rows}
ON CONFLICT (case_id) DO UPDATE SET since = EXCLUDED.since, agent_id = EXCLUDED.agent_id, lease_until = EXCLUDED.lease_until,
    team_id = EXCLUDED.team_id, is_waiting = EXCLUDED.is_waiting"""

TABLES = ("agents", "agent_skills", "agent_teams", "case_hands", "case_workers", "case_holds")

_OF_CASES: Mapping[type[Message], Callable[[_Notes, Heard[Any]], None]] = {
    told.AssignmentRequested: _requested,
    told.CaseAssigned: _assigned,
    told.AssignmentLeaseExtended: _extended,
    told.CaseUnassigned: _unassigned,
    told.AssignmentDeclined: _declined,
    told.HoldPlaced: _held,
    told.HoldExtended: _held_longer,
    told.HoldLifted: _lifted,
}
_OF_AGENTS: Mapping[type[Message], Callable[[_Notes, Heard[Any]], None]] = {
    told.AgentRegistered: _registered,
    told.AgentSkillGranted: _granted,
    told.AgentSkillRevoked: _revoked,
    told.AgentLanguagesChanged: _speaks,
    told.AgentJoinedTeam: _joined,
    told.AgentLeftTeam: _left,
    told.AgentDeactivated: _deactivated,
    told.AgentReactivated: _reactivated,
    told.AgentGivenCase: _given,
}
NOTES: Mapping[type[Message], Callable[[_Notes, Heard[Any]], None]] = {**_OF_CASES, **_OF_AGENTS}
OF_CASES: Sequence[type[Message]] = tuple(_OF_CASES)
"""Facts on a case's own stream: the case's version moves with them."""
