-- What questions about many cases are answered from: built from our own log, emptied and built again at will. {schema} is the service's name.

-- One row for each case; listed in the order in which they were registered.
CREATE TABLE {schema}.case_list (
    case_id       uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    registered_at bigint NOT NULL,        -- position of CaseRegistered: the stable order of pages
    client_id     uuid NOT NULL,
    portfolio_id  uuid NOT NULL,
    batch_id      uuid,
    external_ref  text NOT NULL,
    currency_code text NOT NULL,
    lifecycle     text NOT NULL,
    bucket        text NOT NULL DEFAULT '',
    segment       text NOT NULL DEFAULT '',
    version       bigint NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX case_list_order ON {schema}.case_list (tenant_id, registered_at);
CREATE INDEX case_list_portfolio ON {schema}.case_list (portfolio_id, registered_at);
CREATE INDEX case_list_client ON {schema}.case_list (client_id, registered_at);
CREATE INDEX case_list_batch ON {schema}.case_list (batch_id, registered_at);
CREATE INDEX case_list_external_ref ON {schema}.case_list (external_ref);

CREATE TABLE {schema}.case_parties (
    case_id   uuid NOT NULL,
    person_id uuid NOT NULL,
    tenant_id text NOT NULL,
    role      text NOT NULL,
    PRIMARY KEY (case_id, person_id)
);
CREATE INDEX case_parties_person ON {schema}.case_parties (person_id);

-- Opened, closed, reopened: when it happened and when we knew.
CREATE TABLE {schema}.case_lives (
    case_id     uuid NOT NULL,
    position    bigint NOT NULL,
    tenant_id   text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    lifecycle   text NOT NULL,
    PRIMARY KEY (case_id, position)
);

-- Buckets as we know them today: from the first day until before the last; no last day: until further notice.
CREATE TABLE {schema}.case_buckets_restated (
    case_id   uuid NOT NULL,
    from_day  date NOT NULL,
    to_day    date,
    tenant_id text NOT NULL,
    bucket    text NOT NULL,
    PRIMARY KEY (case_id, from_day)
);

-- Buckets as they were told: from then on the case was believed to be in that bucket.
CREATE TABLE {schema}.case_buckets_told (
    case_id     uuid NOT NULL,
    position    bigint NOT NULL,
    tenant_id   text NOT NULL,
    recorded_at timestamptz NOT NULL,
    bucket      text NOT NULL,
    PRIMARY KEY (case_id, position)
);

-- Our ledger, all components of one booking together.
CREATE TABLE {schema}.case_ledger (
    case_id     uuid NOT NULL,
    position    bigint NOT NULL,
    tenant_id   text NOT NULL,
    debt_id     uuid NOT NULL,
    value_date  date NOT NULL,
    recorded_at timestamptz NOT NULL,
    minor_units bigint NOT NULL,
    PRIMARY KEY (case_id, position)
);

-- From that day on the debt no longer counts.
CREATE TABLE {schema}.case_debts_detached (
    case_id     uuid NOT NULL,
    debt_id     uuid NOT NULL,
    tenant_id   text NOT NULL,
    value_date  date NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, debt_id)
);

-- The creditor's snapshots; of two for one day the later word counts.
CREATE TABLE {schema}.case_balances_reported (
    case_id     uuid NOT NULL,
    as_of       date NOT NULL,
    position    bigint NOT NULL,
    tenant_id   text NOT NULL,
    recorded_at timestamptz NOT NULL,
    minor_units bigint NOT NULL,
    PRIMARY KEY (case_id, as_of, position)
);

-- What a case owes on a day, by what was known before an instant: our ledger, and the creditor's latest snapshot (null: none).
CREATE FUNCTION {schema}.ledger_on(of_case uuid, on_day date, known_before timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(sum(l.minor_units), 0)::bigint
    FROM {schema}.case_ledger l
    WHERE l.case_id = of_case AND l.value_date <= on_day AND l.recorded_at < known_before
      AND NOT EXISTS (
          SELECT FROM {schema}.case_debts_detached d
          WHERE d.case_id = of_case AND d.debt_id = l.debt_id AND d.value_date <= on_day AND d.recorded_at < known_before
      )
$$;

CREATE FUNCTION {schema}.reported_on(of_case uuid, on_day date, known_before timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT r.minor_units
    FROM {schema}.case_balances_reported r
    WHERE r.case_id = of_case AND r.as_of <= on_day AND r.recorded_at < known_before
    ORDER BY r.as_of DESC, r.position DESC
    LIMIT 1
$$;
