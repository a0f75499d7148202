"""The read models of who works the cases; the view that writes them is written again, with what was told before."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(Path(__file__).resolve().parents[2] / "views" / "work.sql", "cases")
