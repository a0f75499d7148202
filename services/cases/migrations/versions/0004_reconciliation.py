"""Reports may be taken back, and differences from the creditor's balances are listed. What was in the read models is built again."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0004"
down_revision = "0003"

_VIEWS = Path(__file__).resolve().parents[2] / "views"


def upgrade() -> None:
    run_sql(_VIEWS / "reconciliation.sql", "cases")
