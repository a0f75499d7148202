"""Where each case stands in its strategy, for those who must find the cases that nothing wakes."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0002"
down_revision = "0001"

_VIEWS = Path(__file__).resolve().parents[2] / "views"


def upgrade() -> None:
    run_sql(_VIEWS / "tables.sql", "strategy")
