"""Interactions, and the messages that wait to be sent."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    run_sql(Path(__file__).resolve().parents[2] / "views" / "messages.sql", "contacts")
