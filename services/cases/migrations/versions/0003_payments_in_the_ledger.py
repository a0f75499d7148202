"""One payment is booked on several debts: a row of the ledger is one of a fact and a debt."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE cases.case_ledger DROP CONSTRAINT case_ledger_pkey, ADD PRIMARY KEY (case_id, position, debt_id)")
