"""The read model of promises: a view of its own, written from the first fact on."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(Path(__file__).resolve().parents[2] / "views" / "promises.sql", "cases")
