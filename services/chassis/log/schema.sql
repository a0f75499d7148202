-- The log of one service, and the marks of what it has heard. {schema} is the service's name.
-- Roles: {schema}_writer, _follower, _sweeper, _query (see roles.sql). Change this file only together with a new migration.

CREATE TABLE {schema}.log_counter (
    shard       smallint PRIMARY KEY,
    position    bigint NOT NULL,          -- last position given: dense from 1, in commit order
    recorded_at timestamptz NOT NULL      -- last recorded_at given, or raised by head()
) WITH (fillfactor = 10);
INSERT INTO {schema}.log_counter VALUES (0, 0, '-infinity');

-- The partition count of the topic is frozen for each epoch; a restore or a repartition opens a new one.
CREATE TABLE {schema}.epochs (
    epoch        integer PRIMARY KEY,
    starts_after bigint NOT NULL,
    partitions   integer NOT NULL CHECK (partitions > 0)
);

CREATE TABLE {schema}.streams (
    stream_id uuid PRIMARY KEY,
    version   integer NOT NULL,
    tenant_id text NOT NULL,
    head_hash bytea NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE {schema}.events (
    stream_id   uuid NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    version     integer NOT NULL,
    epoch       integer NOT NULL,
    tenant_id   text NOT NULL,
    type_name   text NOT NULL,            -- the message's own name; the package is the service's
    traceparent text,
    event       bytea NOT NULL CHECK (octet_length(event) <= 65536),
    PRIMARY KEY (stream_id, version)
);
CREATE UNIQUE INDEX events_position ON {schema}.events (position);

CREATE TABLE {schema}.commands (
    request_id   text NOT NULL,
    tenant_id    text NOT NULL,
    principal    text NOT NULL,
    method       text NOT NULL,
    payload_hash bytea NOT NULL,
    position     bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    reply        bytea NOT NULL,          -- no personal data; swept after 30 days
    PRIMARY KEY (request_id, tenant_id, principal, method)
);
CREATE INDEX commands_recorded_at ON {schema}.commands USING brin (recorded_at);

CREATE TABLE {schema}.claims (
    hmac      bytea NOT NULL,
    kind      text NOT NULL,
    tenant_id text NOT NULL,
    stream_id uuid NOT NULL,
    PRIMARY KEY (hmac, kind, tenant_id)
);

CREATE TABLE {schema}.timers (
    stream_id uuid NOT NULL,
    key       text NOT NULL,
    tenant_id text NOT NULL,
    version   integer NOT NULL,           -- of the stream when the timer was set
    due       timestamptz NOT NULL,
    PRIMARY KEY (stream_id, key)
);
CREATE INDEX timers_due ON {schema}.timers (due);

-- What each follower has heard of each partition of its source; moved by compare-and-set with its effects.
CREATE TABLE {schema}.positions (
    follower      text NOT NULL,
    source        text NOT NULL,
    epoch         integer NOT NULL,
    partition     integer NOT NULL,
    position      bigint NOT NULL,
    offset_hint   bigint NOT NULL DEFAULT 0,
    progressed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, source, epoch, partition)
) WITH (fillfactor = 50);

-- Only where a service was started with it: the development clock.
CREATE TABLE {schema}.development_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    now      timestamptz NOT NULL
);
