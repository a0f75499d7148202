-- The creditor's word against ours: reports that were taken back no longer count, and what differs is listed. {schema} is the service's name.

ALTER TABLE {schema}.case_balances_reported
    ADD COLUMN source_ref text NOT NULL DEFAULT '',     -- the file
    ADD COLUMN retracted_at timestamptz;                -- since when we know that the file was wrong

CREATE OR REPLACE FUNCTION {schema}.reported_on(of_case uuid, on_day date, known_before timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT r.minor_units
    FROM {schema}.case_balances_reported r
    WHERE r.case_id = of_case AND r.as_of <= on_day AND r.recorded_at < known_before
      AND (r.retracted_at IS NULL OR r.retracted_at >= known_before)
    ORDER BY r.as_of DESC, r.position DESC
    LIMIT 1
$$;

-- Snapshots that differ, or once differed, from our ledger; the latest word on each.
CREATE TABLE {schema}.case_balance_differences (
    case_id     uuid NOT NULL,
    as_of       date NOT NULL,
    tenant_id   text NOT NULL,
    unexplained bigint NOT NULL,
    is_resolved boolean NOT NULL,
    fact        bytea NOT NULL,         -- BalanceDifferenceExplained
    PRIMARY KEY (case_id, as_of)
);
CREATE INDEX case_balance_differences_open ON {schema}.case_balance_differences (as_of, case_id) WHERE unexplained <> 0 AND NOT is_resolved;

ALTER TABLE {schema}.case_balance_differences ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY written_by_followers ON {schema}.case_balance_differences TO {schema}_follower USING (true) WITH CHECK (true);
CREATE POLICY read_by_the_tenant ON {schema}.case_balance_differences FOR SELECT TO {schema}_query
    USING (tenant_id = (SELECT current_setting('acuerdo.tenant', true)));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.case_balance_differences TO {schema}_follower;
GRANT SELECT ON {schema}.case_balance_differences TO {schema}_query;
