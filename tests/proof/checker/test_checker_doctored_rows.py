"""Rows changed in the database by a superuser: each is found by the invariant it breaks, and by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from acuerdo.common.v1.log_pb2 import Reply
from acuerdo.common.v1.types_pb2 import Actor

from tests.proof.checker.conftest import Judged
from tests.proof.checker.doctoring import forged, told_again
from tests.proof.checker.small_run import CANARY, tenant_canary

Doctoring = str | Callable[[psycopg.Connection[Any]], None]

ONE_CASE = "(SELECT case_id FROM cases.case_list WHERE external_ref = 'CASE-1' AND tenant_id = 'north')"
FACT_RECORDED = "type_name = 'FactRecorded' AND tenant_id = 'north'"
CLOSED = "(SELECT stream_id FROM cases.events WHERE type_name = 'CaseClosed' AND tenant_id = 'north')"
NOBODY = uuid4()
A_TIMER = Actor(kind=Actor.KIND_TIMER, id="delinquency.boundary")
A_FOLLOWER = Actor(kind=Actor.KIND_SYSTEM, id="reactions")


BEHIND = """UPDATE {0}.positions SET position = 0
            WHERE ctid = (SELECT ctid FROM {0}.positions WHERE follower = 'reactions' AND position > 0 LIMIT 1)"""
LAST_GONE = "DELETE FROM cases.events WHERE position = (SELECT max(position) FROM cases.events {})"
FIRST_INSTANT = "SELECT recorded_at FROM cases.events WHERE position = 1"


def changed(to: str, which: str) -> str:
    return f"UPDATE cases.events SET {to} WHERE {which}"


def refused(which: str) -> str:
    """A fact (a query of its position and key) that strategy has refused."""
    return (
        "INSERT INTO strategy.refused_facts (follower, source, epoch, position, key, type_name, reason)"
        f" SELECT 'reactions', 'cases', 1, position, key, 'acuerdo.cases.v1.CaseRegistered', 'NO' FROM ({which}) AS f(position, key)"
    )


def refused_for_another_reason(connection: psycopg.Connection[Any]) -> None:
    reply = Reply(refused=Reply.Refused(reason="CASE_IS_CLOSED"))
    connection.execute("UPDATE cases.commands SET reply = %s WHERE request_id = 'paid'", (reply.SerializeToString(),))


def reply_of_another_tenant(connection: psycopg.Connection[Any]) -> None:
    """A command of south names a stream of north."""
    row = connection.execute("SELECT uuid_send(stream_id) FROM cases.streams WHERE tenant_id = 'north' LIMIT 1").fetchone()
    assert row is not None
    reply = Reply(streams=[Reply.StreamVersion(stream_id=row[0], version=1)])
    connection.execute(
        "UPDATE cases.commands SET reply = %s WHERE tenant_id = 'south' AND request_id = 'client'", (reply.SerializeToString(),)
    )


def parked(*, token: int | None) -> Callable[[psycopg.Connection[Any]], None]:
    """A fact that waits."""

    def park(connection: psycopg.Connection[Any]) -> None:
        connection.execute(
            """INSERT INTO strategy.parked (follower, source, epoch, partition, position, key, type_name, reason, is_unheard, record)
               SELECT 'reactions', 'cases', 1, 0, position, stream_id, type_name, 'KeyError', false, ''::bytea
               FROM cases.events WHERE type_name = 'ClientRegistered' ORDER BY position LIMIT 1"""
        )
        if token is not None:
            connection.execute(
                """INSERT INTO strategy.positions (follower, source, epoch, partition, position)
                   SELECT 'reactions/' || position, 'cases', 1, 0, %s FROM strategy.parked""",
                (token,),
            )

    return park


DOCTORED: list[tuple[str, str, Doctoring | tuple[Doctoring, ...], str]] = [
    # I1
    ("I1", "a command that was answered is gone", "DELETE FROM cases.commands WHERE request_id = 'fact'", "'fact' of north"),
    ("I1", "what was acknowledged is gone", "DELETE FROM cases.events WHERE type_name = 'CaseClosed'", "'recalled' of north"),
    ("I1", "a command is stored twice", told_again("CaseClosed"), "'recalled' of"),
    ("I1", "a command says another position", "UPDATE cases.commands SET position = 1 WHERE request_id = 'recalled'", "'recalled' of"),
    (
        "I1",
        "an answer is recorded long before it was asked",
        (
            "UPDATE cases.commands SET recorded_at = recorded_at - interval '1 day' WHERE request_id = 'fact'",
            "UPDATE cases.events SET recorded_at = recorded_at - interval '1 day' WHERE type_name = 'FactRecorded'",
        ),
        "'fact' of north",
    ),
    (
        "I1",
        "a refused command told something",
        "UPDATE cases.commands SET reply = (SELECT reply FROM cases.commands WHERE request_id = 'paid' LIMIT 1) WHERE request_id = 'fact'",
        "FactRecorded",
    ),
    # I2
    ("I2", "an event of no command", forged(), "CaseReopened"),
    ("I2", "an event of a timer that nobody set", forged(actor=A_TIMER, cause=(NOBODY.bytes, 1)), "CaseReopened"),
    ("I2", "an event of a fact that nobody told", forged(actor=A_FOLLOWER, cause=(NOBODY.bytes, 1)), "CaseReopened"),
    ("I2", "an event of a command that is not kept", "DELETE FROM cases.commands WHERE request_id LIKE 'rows/1/%'", "CaseRegistered"),
    # I3
    ("I3", "a refusal kept with another reason", refused_for_another_reason, "'paid' of"),
    # I4
    ("I4", "bytes that are not those that were told", changed("event = event || 'x'::bytea", "position = 3"), "position 3"),
    ("I4", "an event with another instant", changed("recorded_at = recorded_at + interval '1 ms'", "position = 3"), "acuerdo-recorded-at"),
    ("I4", "an event with another name", changed("type_name = 'CaseOpened'", "position = 3"), "ce_type"),
    ("I4", "an event that was never published", forged(), "CaseReopened"),
    # I6
    ("I6", "a position behind its source", BEHIND.format("strategy"), "strategy/reactions of cases"),
    ("I6", "a view behind the log", "UPDATE cases.positions SET position = 1 WHERE follower LIKE 'view:%'", "cases/view:"),
    ("I6", "a relay behind the log", "UPDATE strategy.positions SET position = 1 WHERE follower = 'relay'", "strategy/relay"),
    ("I6", "a fact applied twice", told_again("SegmentRecorded"), "SegmentRecorded"),
    ("I6", "a fact passed over", LAST_GONE.format("WHERE type_name = 'SegmentRecorded'"), "told no SegmentRecorded because of it"),
    ("I6", "a fact that waits, and nobody expects it", parked(token=1), "ClientRegistered"),
    ("I6", "a fact that waits without its token", parked(token=None), "waits without a token"),
    ("I6", "a fact that waits, and its token has moved", parked(token=2), "its effects are stored"),
    (
        "I6",
        "a token of nothing",
        "INSERT INTO strategy.positions (follower, source, epoch, partition, position) VALUES ('reactions/5', 'cases', 1, 0, 1)",
        "a token of position 5",
    ),
    (
        "I6",
        "a fact that was refused, and applied",
        refused("SELECT position, stream_id FROM cases.events WHERE version = 1"),
        "TreatmentStarted",
    ),
    ("I6", "a fact that was refused, and never told", refused(f"SELECT 1, '{NOBODY}'::uuid"), str(NOBODY)),
    ("I6", "a service that does not listen", "DELETE FROM strategy.listens", "strategy does not listen to cases"),
    # I8
    ("I8", "another version than its last event's", f"UPDATE cases.streams SET version = 99 WHERE stream_id = {CLOSED}", "at version 99"),
    (
        "I8",
        "another head than its last event",
        f"UPDATE cases.streams SET head_hash = 'x'::bytea WHERE stream_id = {CLOSED}",
        "its last event is",
    ),
    (
        "I8",
        "a stream without events",
        f"INSERT INTO cases.streams VALUES ('{NOBODY}', 1, 'north', 'x'::bytea)",
        f"{NOBODY} stands at version 1",
    ),
    ("I8", "events without a stream", f"DELETE FROM cases.streams WHERE stream_id = {CLOSED}", "is of a stream that stands nowhere"),
    # I12
    (
        "I12",
        "a byte is flipped",
        changed("event = set_byte(event, 90, get_byte(event, 90) # 1)", "version = 2"),
        "does not rest on the event",
    ),
    ("I12", "an event is gone", f"DELETE FROM cases.events WHERE stream_id = {ONE_CASE} AND version = 2", "follows version 1"),
    ("I12", "the tail is gone", LAST_GONE.format(""), "the counter stands at"),
    (
        "I12",
        "two events have changed places",
        (
            changed("version = 0", f"stream_id = {ONE_CASE} AND version = 2"),
            changed("version = 2", f"stream_id = {ONE_CASE} AND version = 3"),
            changed("version = 3", f"stream_id = {ONE_CASE} AND version = 0"),
        ),
        "its bytes are those of another event",
    ),
    ("I12", "an instant goes back", changed("recorded_at = '2001-01-01'", "position = 5"), "(position 5) is recorded earlier"),
    ("I12", "two units have one instant", changed(f"recorded_at = ({FIRST_INSTANT})", "position = 2"), "is of another unit"),
    ("I12", "a position is left out", changed("position = position + 100000", "position > 5"), "stands where position 6 should"),
    ("I12", "an event has another name", changed("type_name = 'CaseOpened'", "position = 3"), "(PortfolioOpened version 1 of"),
    ("I12", "bytes that are no event", changed("event = 'nonsense'::bytea", "position = 3"), "(position 3): its bytes cannot be read"),
    # I15
    ("I15", "a listener is behind", BEHIND.format("cases"), "cases/reactions of strategy"),
    ("I15", "a view is behind", "UPDATE cases.positions SET position = 1 WHERE follower LIKE 'view:%'", "cases/view:"),
    ("I15", "nothing is relayed", "DELETE FROM cases.positions WHERE follower = 'relay'", "cases: nothing is relayed yet"),
    ("I15", "a rebuild is not begun", "INSERT INTO cases.rebuilds (follower) VALUES ('view:cases')", "a rebuild of view:cases"),
    ("I15", "a timer is due", f"INSERT INTO cases.timers VALUES ('{NOBODY}', 'batch.rows', 'north', 1, '2020-01-01')", str(NOBODY)),
    ("I15", "a service does not listen yet", "DELETE FROM strategy.listens", "strategy does not listen to cases yet"),
    # I17
    ("I17", "a name claimed under another", "UPDATE cases.claims SET tenant_id = 'south' WHERE kind = 'batch'", "cases.claims"),
    (
        "I17",
        "a timer under another",
        "INSERT INTO cases.timers SELECT stream_id, 'x', 'south', 1, '2099-01-01' FROM cases.streams WHERE tenant_id = 'north'",
        "cases.timers",
    ),
    (
        "I17",
        "a row of a view under another",
        f"UPDATE cases.case_list SET tenant_id = 'south' WHERE case_id = {ONE_CASE}",
        "cases.case_list",
    ),
    ("I17", "an event under another", changed("tenant_id = 'south'", FACT_RECORDED), "FactRecorded"),
    ("I17", "a stream under another", f"UPDATE cases.streams SET tenant_id = 'south' WHERE stream_id = {CLOSED}", "on a stream of south"),
    ("I17", "an answer that names another's stream", reply_of_another_tenant, "'client' of south"),
    (
        "I17",
        "a value sealed with another's key",
        "UPDATE cases_keys.keys SET tenant_id = 'south' WHERE tenant_id = 'north'",
        "FactRecorded",
    ),
    (
        "I17",
        "another's word in a view",
        f"UPDATE cases.case_list SET segment = '{tenant_canary('north')}' WHERE tenant_id = 'south'",
        "what is north's under south",
    ),
    # I18
    ("I18", "in a view", f"UPDATE cases.case_list SET external_ref = '{CANARY}' WHERE case_id = {ONE_CASE}", "cases.case_list"),
    ("I18", "in a kept answer", f"UPDATE cases.commands SET reply = '{CANARY}'::bytea WHERE request_id = 'fact'", "cases.commands"),
    ("I18", "in an event", changed(f"event = event || '{CANARY.lower()}'::bytea", FACT_RECORDED), "cases.events"),
    ("I18", "in the keys", f"UPDATE cases_keys.keys SET kek_id = 'x{CANARY}y'", "cases_keys.keys"),
    ("I18", "as base64", f"UPDATE cases.case_list SET segment = encode('ab {CANARY} c'::bytea, 'base64')", "cases.case_list"),
    ("I18", "in a parked fact", (parked(token=1), f"UPDATE strategy.parked SET reason = 'KeyError {CANARY}'"), "strategy.parked"),
]


@pytest.mark.parametrize(("invariant", "what", "doctoring", "named"), DOCTORED, ids=[f"{row[0]}: {row[1]}" for row in DOCTORED])
async def test_a_doctored_row_is_found(judged: Judged, invariant: str, what: str, doctoring: Any, named: str) -> None:
    statements = doctoring if isinstance(doctoring, tuple) else (doctoring,)
    finding = await judged.finds(invariant, postgres=judged.copies.doctored(*statements))
    assert finding.holds is False, what
    assert any(named in line for line in finding.broken), finding.broken
