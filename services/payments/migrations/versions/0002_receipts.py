"""The read models of receipts, and who may read and write them."""

from pathlib import Path

from services.chassis.migrate import run_sql

revision = "0002"
down_revision = "0001"

_VIEWS = Path(__file__).resolve().parents[2] / "views"


def upgrade() -> None:
    run_sql(_VIEWS / "tables.sql", "payments")
    run_sql(_VIEWS / "access.sql", "payments")
