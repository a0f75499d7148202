"""By what persons are found, and the cases they are in."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(Path(__file__).resolve().parents[2] / "views" / "people.sql", "contacts")
