"""The chassis: the log, and what followers keep."""

from services.chassis.migrate import run_chassis_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_chassis_sql("payments", "log/schema.sql", "log/append.sql", "log/roles.sql", "follower/schema.sql", "seal/schema.sql")
