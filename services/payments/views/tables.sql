-- What questions about many payments are answered from: built from our own log, emptied and built again at will. {schema} is the service's name.

CREATE TABLE {schema}.source_list (
    source_id     uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    registered_at bigint NOT NULL,          -- position: the stable order of pages
    client_id     uuid,
    portfolio_ids uuid[] NOT NULL
);
CREATE UNIQUE INDEX source_list_order ON {schema}.source_list (tenant_id, registered_at);

-- One row for each payment; listed in the order in which they were recorded.
CREATE TABLE {schema}.payment_list (
    payment_id    uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    recorded      bigint NOT NULL,          -- position of PaymentReceived
    recorded_at   timestamptz NOT NULL,
    source_id     uuid NOT NULL,
    provider_ref  text NOT NULL,
    currency_code text NOT NULL,
    minor_units   bigint NOT NULL,
    value_date    date NOT NULL,
    client_id     uuid,
    case_id       uuid,
    reversed_on   date
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX payment_list_order ON {schema}.payment_list (tenant_id, recorded);
CREATE INDEX payment_list_case ON {schema}.payment_list (case_id, recorded);
CREATE INDEX payment_list_source ON {schema}.payment_list (source_id, recorded);

-- Where money was spread; reversed ones stay, with the day.
CREATE TABLE {schema}.allocation_list (
    allocation_id uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    payment_id    uuid NOT NULL,
    case_id       uuid NOT NULL,
    minor_units   bigint NOT NULL,
    value_date    date NOT NULL,
    reversed_on   date
) WITH (fillfactor = 80);
CREATE INDEX allocation_list_payment ON {schema}.allocation_list (payment_id);
CREATE INDEX allocation_list_case ON {schema}.allocation_list (case_id);

-- Money that waits now.
CREATE TABLE {schema}.suspense_list (
    item_id            uuid PRIMARY KEY,
    tenant_id          text NOT NULL,
    opened             bigint NOT NULL,     -- position of SuspenseItemOpened
    since              timestamptz NOT NULL,
    payment_id         uuid NOT NULL,
    currency_code      text NOT NULL,
    minor_units        bigint NOT NULL,
    value_date         date NOT NULL,
    reason             text NOT NULL,
    candidate_case_ids uuid[] NOT NULL,
    portfolio_ids      uuid[] NOT NULL,
    client_id          uuid,
    external_ref       text NOT NULL
);
CREATE UNIQUE INDEX suspense_list_order ON {schema}.suspense_list (tenant_id, opened);
CREATE INDEX suspense_list_payment ON {schema}.suspense_list (payment_id);

-- Whose cases they are: what a client may see.
CREATE TABLE {schema}.case_clients (
    case_id   uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    client_id uuid NOT NULL
);
