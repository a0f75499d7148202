"""What every database of ours holds: tenants apart from each other, keys apart from what they seal, a history nobody changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from services.chassis.migrate import migrate
from services.chassis.service import Service
from tests.contracts.promised import services

ROLES = ("writer", "follower", "sweeper", "query", "sealer")
Admin = psycopg.Connection[tuple[Any, ...]]

each_service = pytest.mark.parametrize("service", services(), ids=lambda service: service.name)


@pytest.fixture(scope="module")
def admin(postgres_dsn: str) -> Iterator[Admin]:
    """A superuser in a database that all services were migrated into."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for service in services():
            migrate(f"{postgres_dsn.rpartition('/')[0]}/{name}", service.name)
        with psycopg.connect(make_conninfo(postgres_dsn, dbname=name), autocommit=True) as connection:
            yield connection
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def rows(admin: Admin, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return admin.execute(query.encode(), parameters).fetchall()


@each_service
def test_a_table_with_tenants_shows_no_role_more_than_its_policies_say(admin: Admin, service: Service) -> None:
    """Row-level security is on and forced (the owner is bound too), and there is a policy, in the keys' schema as well."""
    found = rows(
        admin,
        """SELECT n.nspname || '.' || c.relname, c.relrowsecurity, c.relforcerowsecurity,
                  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' AND NOT a.attisdropped""",
        [service.name, f"{service.name}_keys"],
    )
    names = {name for name, *_ in found}
    assert {f"{service.name}.{table}" for table in ("events", "streams", "commands", "claims", "timers")} <= names
    assert {f"{service.name}_keys.{table}" for table in ("keys", "destroyed")} <= names
    assert [name for name, *guards in found if not all(guards)] == []


@each_service
def test_people_who_ask_see_rows_of_the_tenant_they_name_and_no_others(admin: Admin, service: Service) -> None:
    policies = rows(
        admin,
        "SELECT tablename, qual FROM pg_policies WHERE schemaname = %s AND %s = ANY(roles)",
        service.name,
        f"{service.name}_query",
    )
    assert {table for table, _ in policies} >= {"events", "streams"}
    assert [table for table, condition in policies if "tenant_id" not in condition or "acuerdo.tenant" not in condition] == []


@each_service
@pytest.mark.parametrize("change", ["UPDATE {} SET event = event", "DELETE FROM {}", "TRUNCATE {}"], ids=["update", "delete", "truncate"])
def test_nobody_changes_what_is_stored_not_even_a_superuser(admin: Admin, service: Service, change: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        admin.execute(sql.SQL(change).format(sql.Identifier(service.name, "events")))


@each_service
def test_roles_hold_no_right_to_change_history(admin: Admin, service: Service) -> None:
    held = rows(
        admin,
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_schema = %s AND table_name = 'events'",
        service.name,
    )
    ours = {(who, right) for who, right in held if who != "postgres"}
    assert {right for _, right in ours} == {"SELECT", "INSERT"}
    assert {who for who, right in ours if right == "INSERT"} == {f"{service.name}_writer"}


@each_service
def test_keys_are_seen_by_the_sealer_alone(admin: Admin, service: Service) -> None:
    held = rows(admin, "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = %s", f"{service.name}_keys")
    assert {who for (who,) in held} - {"postgres"} == {f"{service.name}_sealer"}


@each_service
def test_a_service_has_no_right_in_the_schema_of_another(admin: Admin, service: Service) -> None:
    others = [other.name for other in services() if other.name != service.name]
    schemas = [schema for other in others for schema in (other, f"{other}_keys")]
    roles = [f"{service.name}_{role}" for role in ROLES]
    found = rows(
        admin,
        """SELECT role, schema FROM unnest(%s::text[]) AS role, unnest(%s::text[]) AS schema
           WHERE has_schema_privilege(role, schema, 'USAGE')""",
        roles,
        schemas,
    )
    assert found == []


@each_service
def test_a_stored_event_has_a_size_limit_and_one_place_in_the_order(admin: Admin, service: Service) -> None:
    found = rows(
        admin,
        "SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass",
        f"{service.name}.events",
    )
    said = [definition for _, definition in found]
    assert any("octet_length(event) <= 65536" in definition for definition in said)
    assert "PRIMARY KEY (stream_id, version)" in said
    indexes = rows(admin, "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = 'events'", service.name)
    assert any("UNIQUE" in definition and definition.endswith('("position")') for (definition,) in indexes)


@each_service
def test_every_row_can_be_named(admin: Admin, service: Service) -> None:
    """No table of ours is without a primary key."""
    found = rows(
        admin,
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname <> 'alembic_version'
             AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')""",
        service.name,
    )
    assert found == []
