"""Migrations: Alembic with raw SQL, one directory, version table and schema for each service.

python -m services.chassis.migrate cases postgresql://owner@host/acuerdo          # bring the schema up to date
python -m services.chassis.migrate cases --sql                                    # print the script for a database administrator
"""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command, context, op
from alembic.config import Config

_SERVICES = Path(__file__).resolve().parent.parent
_CHASSIS = Path(__file__).resolve().parent

LOCK_CLASS_OF_LOGS = 0x0ACE0000
"""Advisory locks of logs are apart from those of leases."""


def migrate(dsn: str, service: str) -> None:
    """Create or update the schema of one service. `dsn` logs in as an owner that may create roles; safe to run by several at once."""
    # psycopg itself opens the connection: a DSN may also be written as key=value pairs.
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('acuerdo.migrations'))")
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {service}")
        config = _config(service)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def script(service: str) -> None:
    """Print what `migrate` would run on an empty database."""
    print(f"CREATE SCHEMA IF NOT EXISTS {service};")
    command.upgrade(_config(service), "head", sql=True)


def run_sql(file: Path, schema: str) -> None:
    """For a migration: run a file of statements with {schema} filled in."""
    text = file.read_text().format(schema=schema, lock_class=lock_class(schema))
    if context.is_offline_mode():
        print(text)
    else:
        # Straight to psycopg: a file holds many statements, and its % and : are its own.
        driver = op.get_bind().connection.driver_connection
        assert driver is not None
        driver.execute(text)


def run_chassis_sql(schema: str, *files: str) -> None:
    """For a service's first migration: the chassis's own tables, by path below services/chassis."""
    for file in files:
        run_sql(_CHASSIS / file, schema)


def lock_class(schema: str) -> int:
    """The advisory lock of a service's log: the class is the chassis's, the low bits are the service's."""
    return LOCK_CLASS_OF_LOGS | (sum(schema.encode()) & 0xFFFF)


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_CHASSIS / "migrations"))
    config.set_main_option("version_locations", str(_SERVICES / service / "migrations" / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["schema"] = service
    return config


if __name__ == "__main__":
    asked = [argument for argument in sys.argv[1:] if argument != "--sql"]
    if "--sql" in sys.argv and len(asked) == 1:
        script(asked[0])
    elif len(asked) == 2:
        migrate(asked[1], asked[0])
    else:
        sys.exit(__doc__)
